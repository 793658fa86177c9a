import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import styles from './Builder.module.css'
import { Emphasised } from './Emphasised'
import { emptyWords, joinerOf, matching } from './groupModes'
import { encode, type Group, type Node } from './model'
import { RuleCount } from './RuleCount'
import { useCount } from './useCount'

/** A group where it can only be read: a line for each rule, and how many match it. */
export function GroupWords({ group, level }: { group: Group; level: number }) {
  const said = matching(group.mode)
  return (
    <div className={styles.group} data-level={level % 2} role="group" aria-label={said}>
      <div className={`${styles.fields} ${styles.read}`}>
        <p className="quiet">{said}</p>
        <RuleCount node={group} />
      </div>
      {group.of.map((node, i) => (
        <div key={node.id} className={styles.line}>
          {i > 0 && <span className={styles.joiner}>{joinerOf(group.mode)}</span>}
          {node.kind === 'group' ? <GroupWords group={node} level={level + 1} /> : <RuleWords rule={node} />}
        </div>
      ))}
      {group.of.length === 0 && <p className={styles.line}>{emptyWords(group.mode)}</p>}
    </div>
  )
}

function RuleWords({ rule }: { rule: Exclude<Node, Group> }) {
  const definition = encode(rule)
  const { data, error } = useCount(definition)
  return (
    <div className={`${styles.fields} ${styles.read}`}>
      <p className={error ? styles.wrong : undefined}>
        {definition === null ? t('Not finished') : error ? error.message : <Emphasised text={clause(data?.words ?? '')} />}
      </p>
      <RuleCount node={rule} />
    </div>
  )
}

/** “who did “Order Completed””: whom it is said of stands above. */
const clause = (words: string) => toldGroup(words.replace(/^People (?=who)/, '').replace(/\.$/, ''))
