import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core'
import { FolderPlus, Plus, X } from 'lucide-react'
import { useBuilder } from './builderContext'
import { DidRule } from './DidRule'
import { type Group, type GroupMode, newDid, newGroup, newTrait, type Node } from './model'
import styles from './Builder.module.css'
import { RuleCount } from './RuleCount'
import { TraitRule } from './TraitRule'
import { DEPTH_MOST } from './tree'

const MODES: { value: GroupMode; label: string }[] = [
  { value: 'all', label: 'all' },
  { value: 'any', label: 'any' },
  { value: 'none', label: 'none' },
]

/** A group and what is in it, groups included, down to four levels. */
export function GroupBlock({ group, level }: { group: Group; level: number }) {
  const builder = useBuilder()
  const modes = group.mode === 'not_all' ? [...MODES, { value: 'not_all' as const, label: 'not all' }] : MODES
  const joiner = group.mode === 'all' || group.mode === 'not_all' ? 'and' : 'or'
  return (
    <div className={styles.group} data-level={level % 2} role="group" aria-label={`People who match ${group.mode.replace('_', ' ')} of these`}>
      <div className={styles.top}>
        <span className="quiet">People who match</span>
        <SegmentedControl
          aria-label="How the rules join"
          data={modes}
          value={group.mode}
          onChange={(mode) => builder.change(group, { mode: mode as GroupMode })}
        />
        <span className="quiet">of these</span>
        {level > 0 && (
          <Tooltip label="Remove group">
            <ActionIcon aria-label="Remove group" className={styles.remove} onClick={() => builder.remove(group.id)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        <RuleCount node={group} />
      </div>
      {group.of.map((node, i) => (
        <div key={node.id} className={styles.row} data-group={node.kind === 'group' || undefined}>
          <span className={styles.joiner} data-first={i === 0 || undefined}>
            {i === 0 ? 'Where' : joiner}
          </span>
          <Rule node={node} level={level + 1} />
        </div>
      ))}
      {group.of.length === 0 && <p className={styles.none}>{nothing(group.mode)}</p>}
      <div className={styles.adders}>
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <Button variant="subtle" leftSection={<Plus size={14} />}>
              Add rule
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => builder.add(group.id, newDid())}>What they did</Menu.Item>
            <Menu.Item onClick={() => builder.add(group.id, newTrait())}>What they are (a trait)</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {level + 1 < DEPTH_MOST && (
          <Button variant="subtle" leftSection={<FolderPlus size={14} />} onClick={() => builder.add(group.id, newGroup('any', [newDid()]))}>
            Add group
          </Button>
        )}
      </div>
    </div>
  )
}

function Rule({ node, level }: { node: Node; level: number }) {
  switch (node.kind) {
    case 'group':
      return <GroupBlock group={node} level={level} />
    case 'did':
      return <DidRule rule={node} />
    case 'trait':
      return <TraitRule rule={node} />
  }
}

const nothing = (mode: GroupMode) =>
  mode === 'all' || mode === 'none' ? 'No rules yet: this is everyone.' : 'No rules yet: this is nobody.'
