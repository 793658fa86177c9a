import { compact } from '~/words/numbers'
import { t } from '~/words/language'
import { encode, type Node } from './model'
import styles from './Builder.module.css'
import { useCount } from './useCount'

/** How many match this rule alone, with a 3 px bar for their share. */
export function RuleCount({ node }: { node: Node }) {
  const definition = encode(node)
  const { data, isFetching, isError } = useCount(definition)
  if (!definition) return <span className={styles.count} data-empty />
  const share = data && data.of > 0 ? data.count / data.of : 0
  return (
    <span className={styles.count} data-group={node.kind === 'group' || undefined} data-stale={isFetching || undefined}>
      {isError ? '–' : data ? compact(data.count) : ''}
      <span className="unseen"> {t('match this alone')}</span>
      {node.kind !== 'group' && <span className={styles.bar} style={{ '--share': share } as React.CSSProperties} />}
    </span>
  )
}
