import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Braces, Pause, Play, Square } from 'lucide-react'
import { useState } from 'react'
import { post, route } from '~/api/client'
import { runRoot } from '~/api/queries'
import type { Run } from '~/api/types'
import { isLive } from '~/parts/Chip'
import { DefinitionDialog } from './DefinitionDialog'
import { ResumeDialog } from './ResumeDialog'
import { StopDialog } from './StopDialog'
import styles from './RunActions.module.css'

export type RunAct = 'pause' | 'resume' | 'stop'

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
  const [dialog, setDialog] = useState<'resume' | 'stop' | 'definition' | null>(null)
  const pause = useRunAct(run)
  const close = () => setDialog(null)
  return (
    <>
      {pause.isError && (
        <span className={styles.problem} role="alert">
          Not paused. {pause.error.message}
        </span>
      )}
      <Button leftSection={<Braces size={14} />} onClick={() => setDialog('definition')}>
        Definition
      </Button>
      {run.state !== 'stopped' && (
        <Button leftSection={<Square size={13} />} onClick={() => setDialog('stop')}>
          Stop
        </Button>
      )}
      {isLive(run.state) ? (
        <Button variant="filled" leftSection={<Pause size={14} />} loading={pause.isPending} onClick={() => pause.mutate('pause')}>
          Pause
        </Button>
      ) : (
        <Button variant="filled" leftSection={<Play size={14} />} onClick={() => setDialog('resume')}>
          Resume
        </Button>
      )}
      {dialog === 'resume' && <ResumeDialog run={run} close={close} />}
      {dialog === 'stop' && <StopDialog run={run} close={close} />}
      {dialog === 'definition' && <DefinitionDialog run={run} close={close} />}
    </>
  )
}
