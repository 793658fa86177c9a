import { ActionIcon, Menu } from '@mantine/core'
import { Archive, Braces, EllipsisVertical, type LucideIcon, Square } from 'lucide-react'
import { useRef } from 'react'
import { useMay } from '~/api/may'
import type { Run } from '~/api/types'
import { t } from '~/words/language'
import { useRunAct } from './RunActions'

export interface Item {
  label: string
  Icon: LucideIcon
  act: () => void
}

interface Props {
  run: Run | null
  definition: () => void
  stop: () => void
  /** What else there is no room for beside it. */
  others?: Item[]
}

/** What is seldom done with a journey or campaign: look at its definition, stop it, put it away. */
export function RunMenu({ run, definition, stop, others = [] }: Props) {
  const target = useRef<HTMLButtonElement>(null)
  const mayPublish = useMay()('decisions:publish')
  // What is opened gives the focus back to what had it: that is not an item of a menu that is gone by then.
  const opens = (act: () => void) => () => {
    target.current?.focus()
    act()
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon ref={target} aria-label={t('More')}>
          <EllipsisVertical size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {others.map(({ label, Icon, act }) => (
          <Menu.Item key={label} leftSection={<Icon size={14} />} onClick={opens(act)}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<Braces size={14} />} onClick={opens(definition)}>
          {t('Definition')}
        </Menu.Item>
        {run && mayPublish && run.state !== 'stopped' && run.state !== 'archived' && (
          <Menu.Item leftSection={<Square size={13} />} onClick={opens(stop)}>
            {t('Stop')}
          </Menu.Item>
        )}
        {run?.state === 'stopped' && mayPublish && <ArchiveItem run={run} />}
      </Menu.Dropdown>
    </Menu>
  )
}

function ArchiveItem({ run }: { run: Run }) {
  const act = useRunAct(run)
  return (
    <Menu.Item leftSection={<Archive size={14} />} onClick={() => act.mutate('archive')}>
      {t('Archive')}
    </Menu.Item>
  )
}
