import { Button } from '@mantine/core'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { count } from '~/words/numbers'
import { channelsOf } from './channels'
import { useRunAct } from './RunActions'
import styles from './RunActions.module.css'

/** Resuming writes to people: who, by what channel and when stand here before the button does. */
export function ResumeDialog({ run, close }: { run: Run; close: () => void }) {
  const resume = useRunAct(run, close)
  const pending = run.sends.pending ?? 0
  return (
    <Dialog onClose={close} title={`Resume “${run.name}”`}>
      <div className={styles.form}>
        <dl className={styles.facts}>
          <div>
            <dt>People inside</dt>
            <dd>{count(run.waiting)}</dd>
          </div>
          <div>
            <dt>Sends waiting to go</dt>
            <dd>{count(pending)}</dd>
          </div>
          <div>
            <dt>Channel</dt>
            <dd>{channelsOf(run)}</dd>
          </div>
          <div>
            <dt>Next send</dt>
            <dd>{pending > 0 ? 'At once' : 'When the next person comes due'}</dd>
          </div>
        </dl>
        {resume.isError && (
          <p className={styles.problem} role="alert">
            Not resumed. {resume.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>Cancel</Button>
          <Button variant="filled" onClick={() => resume.mutate('resume')} loading={resume.isPending} data-autofocus>
            Resume {run.kind}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
