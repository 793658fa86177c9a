import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { ArchiveRestore, FlaskConical, Pause, Play, Redo2, Send, Undo2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useMay } from '~/api/may'
import type { Run } from '~/api/types'
import { isLive } from '~/parts/Chip'
import { t } from '~/words/language'
import { ResumeDialog } from '../ResumeDialog'
import { useRunAct } from '../RunActions'
import actions from '../RunActions.module.css'
import { RunMenu } from '../RunMenu'
import { SimulateDialog } from '../SimulateDialog'
import { StopDialog } from '../StopDialog'
import { WrittenDialog } from './WrittenDialog'
import type { Definition } from './draft'

interface Props {
  run: Run | null
  definition: Definition
  /** Whether something else is written than is published. */
  changed: boolean
  /** How many things keep it from being published. */
  wrong: number
  editable: boolean
  undo: (() => void) | null
  redo: (() => void) | null
  publish: () => void
}

export function JourneyActions({ run, definition, changed, wrong, editable, undo, redo, publish }: Props) {
  const [dialog, setDialog] = useState<'resume' | 'stop' | 'written' | 'simulate' | null>(null)
  const mayPublish = useMay()('decisions:publish')
  const close = () => setDialog(null)
  return (
    <>
      {editable && (
        <>
          <Step label={t('Undo')} icon={<Undo2 size={15} />} act={undo} />
          <Step label={t('Redo')} icon={<Redo2 size={15} />} act={redo} />
        </>
      )}
      <Button leftSection={<FlaskConical size={14} />} disabled={wrong > 0} onClick={() => setDialog('simulate')}>
        {t('Simulate')}
      </Button>
      {run && mayPublish && <Running run={run} resume={() => setDialog('resume')} />}
      <RunMenu run={run} definition={() => setDialog('written')} stop={() => setDialog('stop')} />
      {editable && run?.state !== 'archived' && <Publish run={run} changed={changed} wrong={wrong} mayPublish={mayPublish} publish={publish} />}
      {run && dialog === 'resume' && <ResumeDialog run={run} close={close} />}
      {run && dialog === 'stop' && <StopDialog run={run} close={close} />}
      {dialog === 'written' && <WrittenDialog definition={definition} close={close} />}
      {dialog === 'simulate' && (
        <SimulateDialog name={String(definition['name'] || definition['id'])} asked={changed ? { definition: { ...definition, kind: 'journey' } } : { id: run!.id }} close={close} />
      )}
    </>
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

/** Pausing is done at once, for it is undone as easily; resuming writes to people. */
function Running({ run, resume }: { run: Run; resume: () => void }) {
  const act = useRunAct(run)
  return (
    <>
      {act.isError && (
        <span className={actions.problem} role="alert">
          {t('Nothing was changed.')} {act.error.message}
        </span>
      )}
      {isLive(run.state) && (
        <Button leftSection={<Pause size={14} />} loading={act.isPending} onClick={() => act.mutate('pause')}>
          {t('Pause')}
        </Button>
      )}
      {run.state === 'paused' && (
        <Button leftSection={<Play size={14} />} onClick={resume}>
          {t('Resume')}
        </Button>
      )}
      {run.state === 'archived' && (
        <Button variant="filled" leftSection={<ArchiveRestore size={14} />} loading={act.isPending} onClick={() => act.mutate('restore')}>
          {t('Restore')}
        </Button>
      )}
    </>
  )
}

function Publish({ run, changed, wrong, mayPublish, publish }: { run: Run | null; changed: boolean; wrong: number; mayPublish: boolean; publish: () => void }) {
  const over = run?.state === 'stopped'
  const why = !mayPublish
    ? t('An owner or admin can let you publish in Settings → Accounts.')
    : wrong > 0
      ? t('Mend what is wrong first.')
      : !changed && !over
        ? t('Nothing is different from what is published.')
        : null
  const button = (
    <Button variant="filled" leftSection={<Send size={14} />} disabled={why !== null} onClick={publish}>
      {over && !changed ? t('Publish again') : t('Publish v{{version}}', { version: (run?.version ?? 0) + 1 })}
    </Button>
  )
  return why === null ? (
    button
  ) : (
    <Tooltip label={why}>
      <span>{button}</span>
    </Tooltip>
  )
}
