import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { FolderPlus, Plus, X } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { conditionKinds } from '~/api/audiences'
import type { Schema } from '~/api/types'
import { declared } from '~/words/declared'
import { t } from '~/words/language'
import { useBuilder } from './builderContext'
import { DidRule } from './DidRule'
import { emptyWords, joinerOf, matching, MODES, NOT_ALL } from './groupModes'
import { type Group, type GroupMode, newDid, newGroup, newOther, newTrait, type Node } from './model'
import styles from './Builder.module.css'
import { RuleCount } from './RuleCount'
import { TraitRule } from './TraitRule'
import { DEPTH_MOST } from './tree'

/** A group and what is in it, groups included, down to four levels. */
export function GroupBlock({ group, level }: { group: Group; level: number }) {
  const builder = useBuilder()
  const modes = group.mode === 'not_all' ? [...MODES, NOT_ALL] : MODES
  return (
    <div className={styles.group} data-level={level % 2} role="group" aria-label={matching(group.mode)}>
      <div className={styles.top}>
        <span className="quiet">{t('People who match')}</span>
        <SegmentedControl
          aria-label={t('How the rules join')}
          data={modes}
          value={group.mode}
          onChange={(mode) => builder.change(group, { mode: mode as GroupMode })}
        />
        <span className="quiet">{t('of these')}</span>
        {level > 0 && (
          <Tooltip label={t('Remove group')}>
            <ActionIcon aria-label={t('Remove group')} className={styles.remove} onClick={() => builder.remove(group.id)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        <RuleCount node={group} />
      </div>
      {group.of.map((node, i) => (
        <div key={node.id} className={styles.row} data-group={node.kind === 'group' || undefined}>
          <span className={styles.joiner}>{i > 0 && joinerOf(group.mode)}</span>
          <Rule node={node} level={level + 1} />
        </div>
      ))}
      {group.of.length === 0 && <p className={styles.none}>{emptyWords(group.mode)}</p>}
      <div className={styles.adders}>
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="subtle" leftSection={<Plus size={14} />}>
              {t('Add rule')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => builder.add(group.id, newDid())}>{t('What they did')}</Menu.Item>
            <Menu.Item onClick={() => builder.add(group.id, newTrait())}>{t('What they are (a trait)')}</Menu.Item>
            <OtherKinds add={(node) => builder.add(group.id, node)} />
          </Menu.Dropdown>
        </Menu>
        {level + 1 < DEPTH_MOST && (
          <Button variant="subtle" leftSection={<FolderPlus size={14} />} onClick={() => builder.add(group.id, newGroup('any', [newDid()]))}>
            {t('Add group')}
          </Button>
        )}
      </div>
    </div>
  )
}

// Its forms are those of steps, and steps have conditions: loaded when there is one, neither waits for the other.
const OtherRule = lazy(() => import('./OtherRule'))

/** Kinds that have a row or a block of their own. */
const OWN = new Set(['all', 'any', 'not', 'did', 'trait'])

function OtherKinds({ add }: { add: (node: Node) => void }) {
  const { data = [] } = useQuery(conditionKinds)
  const kinds = data.filter(({ type }) => !OWN.has(type))
  if (kinds.length === 0) return null
  return (
    <>
      <Menu.Divider />
      <Menu.Label>{t('More exactly')}</Menu.Label>
      {kinds.map(({ type, label, about, schema }) => (
        <Menu.Item key={type} title={declared(about)} onClick={() => add(begun(type, schema as Schema))}>
          {declared(label)}
        </Menu.Item>
      ))}
    </>
  )
}

/** A new rule of a kind: what must be chosen among few is chosen, what must be written is empty. */
function begun(type: string, { properties = {}, required = [] }: Schema): Node {
  const chosen = required.flatMap((name) => (properties[name]?.enum?.[0] === undefined ? [] : [[name, properties[name].enum[0]] as const]))
  return newOther(type, Object.fromEntries(chosen), required)
}

function Rule({ node, level }: { node: Node; level: number }) {
  switch (node.kind) {
    case 'group':
      return <GroupBlock group={node} level={level} />
    case 'did':
      return <DidRule rule={node} />
    case 'trait':
      return <TraitRule rule={node} />
    case 'other':
      return (
        <Suspense>
          <OtherRule rule={node} />
        </Suspense>
      )
  }
}
