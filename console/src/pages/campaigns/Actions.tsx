import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { FlaskConical, Pencil, Redo2, Send, SquareChartGantt, Undo2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useMay } from '~/api/may'
import type { Run } from '~/api/types'
import { t } from '~/words/language'
import type { Definition } from '../runs/editor/draft'
import { SimulateDialog } from '../runs/SimulateDialog'

export type View = 'compose' | 'results'

interface Props {
  run: Run | null
  definition: Definition
  /** Whether something else is written than is published. */
  changed: boolean
  wrong: number
  /** Whether the server has looked at what is written now. */
  checked: boolean
  editable: boolean
  undo: (() => void) | null
  redo: (() => void) | null
  publish: () => void
  look: (view: View) => void
}

export function Actions({ run, definition, changed, wrong, checked, editable, undo, redo, publish, look }: Props) {
  const [simulating, setSimulating] = useState(false)
  const mayPublish = useMay()('decisions:publish')
  const over = run?.state === 'stopped'
  const why = !mayPublish
    ? t('An owner or admin can let you publish in Settings → Accounts.')
    : wrong > 0
      ? t('Mend what is wrong first.')
      : !changed && !over
        ? t('Nothing is different from what is published.')
        : null
  const button = (
    <Button variant="filled" leftSection={<Send size={14} />} disabled={why !== null || !checked} onClick={publish}>
      {over && !changed ? t('Publish again') : t('Publish v{{version}}', { version: (run?.version ?? 0) + 1 })}
    </Button>
  )
  return (
    <>
      {editable && (
        <>
          <Step label={t('Undo')} icon={<Undo2 size={15} />} act={undo} />
          <Step label={t('Redo')} icon={<Redo2 size={15} />} act={redo} />
        </>
      )}
      {run && (
        <Button leftSection={<SquareChartGantt size={14} />} onClick={() => look('results')}>
          {t('Results')}
        </Button>
      )}
      <Button leftSection={<FlaskConical size={14} />} disabled={wrong > 0} onClick={() => setSimulating(true)}>
        {t('Simulate')}
      </Button>
      {editable &&
        (why === null ? (
          button
        ) : (
          <Tooltip label={why}>
            <span>{button}</span>
          </Tooltip>
        ))}
      {simulating && (
        <SimulateDialog
          name={String(definition['name'] || definition['id'])}
          asked={changed ? { definition: { ...definition, kind: 'campaign' } } : { id: run!.id }}
          close={() => setSimulating(false)}
        />
      )}
    </>
  )
}

/** From what a campaign brought to what it says. */
export function ComposeButton({ run, look }: { run: Run; look: (view: View) => void }) {
  if (run.state === 'archived') return null
  return (
    <Button leftSection={<Pencil size={14} />} onClick={() => look('compose')}>
      {t('Compose')}
    </Button>
  )
}

function Step({ label, icon, act }: { label: string; icon: ReactNode; act: (() => void) | null }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={act === null} onClick={() => act?.()}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}
