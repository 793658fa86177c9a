import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArchiveRestore, FlaskConical, Pause, Play, Send } from 'lucide-react'
import { useState } from 'react'
import { post, route } from '~/api/client'
import { useMay } from '~/api/may'
import { runRoot } from '~/api/queries'
import type { Run } from '~/api/types'
import { isLive } from '~/parts/Chip'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import { DefinitionDialog } from './DefinitionDialog'
import { ResumeDialog } from './ResumeDialog'
import { RunMenu } from './RunMenu'
import { SimulateDialog } from './SimulateDialog'
import { StopDialog } from './StopDialog'
import styles from './RunActions.module.css'

export type RunAct = 'pause' | 'resume' | 'stop' | 'archive' | 'restore'

const NOT_DONE: Record<RunAct, string> = {
  pause: t('Not paused.'), resume: t('Not resumed.'), stop: t('Not stopped.'), archive: t('Not archived.'), restore: t('Not restored.'),
}

/** Changes the state of a journey or campaign, then asks for its numbers again. */
export function useRunAct(run: Run, done: () => void = () => {}) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (act: RunAct) => post(route`/api/${runRoot(run.kind)}/${run.id}/${act}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [runRoot(run.kind)] })
      void client.invalidateQueries({ queryKey: ['overview'] })
      done()
    },
  })
}

export function RunActions({ run }: { run: Run }) {
  const [dialog, setDialog] = useState<'resume' | 'stop' | 'definition' | 'simulate' | null>(null)
  const act = useRunAct(run)
  const close = () => setDialog(null)
  const may = useMay()
  const publishes = may('decisions:publish')
  const simulates = may('decisions:write')
  // On a phone one row of actions is all there is room for.
  const narrow = useNarrow()
  const simulate = { label: t('Simulate'), Icon: FlaskConical, act: () => setDialog('simulate') }
  return (
    <>
      {act.isError && (
        <span className={styles.problem} role="alert">
          {NOT_DONE[act.variables]} {act.error.message}
        </span>
      )}
      {simulates && !narrow && (
        <Button leftSection={<FlaskConical size={14} />} onClick={simulate.act}>
          {simulate.label}
        </Button>
      )}
      <RunMenu run={run} definition={() => setDialog('definition')} stop={() => setDialog('stop')} others={simulates && narrow ? [simulate] : []} />
      {publishes && isLive(run.state) && (
        <Button variant="filled" leftSection={<Pause size={14} />} loading={act.isPending} onClick={() => act.mutate('pause')}>
          {t('Pause')}
        </Button>
      )}
      {publishes && run.state === 'paused' && (
        <Button variant="filled" leftSection={<Play size={14} />} onClick={() => setDialog('resume')}>
          {t('Resume')}
        </Button>
      )}
      {publishes && run.state === 'stopped' && (
        <Button variant="filled" leftSection={<Send size={14} />} onClick={() => setDialog('definition')}>
          {t('Publish again')}
        </Button>
      )}
      {publishes && run.state === 'archived' && (
        <Button variant="filled" leftSection={<ArchiveRestore size={14} />} loading={act.isPending} onClick={() => act.mutate('restore')}>
          {t('Restore')}
        </Button>
      )}
      {dialog === 'resume' && <ResumeDialog run={run} close={close} />}
      {dialog === 'stop' && <StopDialog run={run} close={close} />}
      {dialog === 'definition' && <DefinitionDialog run={run} close={close} />}
      {dialog === 'simulate' && <SimulateDialog name={run.name} asked={{ id: run.id }} close={close} />}
    </>
  )
}
