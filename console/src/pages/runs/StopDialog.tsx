import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { plural } from '~/words/numbers'
import { useRunAct } from './RunActions'
import styles from './RunActions.module.css'

/** Stopping cannot be undone: its name is typed first. */
export function StopDialog({ run, close }: { run: Run; close: () => void }) {
  const [typed, setTyped] = useState('')
  const stop = useRunAct(run, close)
  return (
    <Dialog onClose={close} title={`Stop “${run.name}”`}>
      <div className={styles.form}>
        <p>
          {plural(run.waiting, 'person', 'people')} inside will leave it, and nobody new enters. Results stay. To hold it for a while, pause it instead.
        </p>
        <TextInput label={`Type ${run.name} to stop it`} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {stop.isError && (
          <p className={styles.problem} role="alert">
            Not stopped. {stop.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>Keep it running</Button>
          <Button variant="filled" data-danger disabled={typed.trim() !== run.name} loading={stop.isPending} onClick={() => stop.mutate('stop')}>
            Stop {run.kind}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
