import { Button } from '@mantine/core'
import type { Occasion, Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { count, percent, plural } from '~/words/numbers'
import { channelsOf } from './channels'
import { asFields } from './graph'
import { type OccasionAct, title, useOccasionAct } from './occasions'
import styles from './RunActions.module.css'

/** Pausing asks nothing: it is undone as easily. */
type Asked = Exclude<OccasionAct, 'pause'>

const WORDS: Record<Asked, { title: string; button: string; keep: string; not: string }> = {
  confirm: { title: 'Confirm', button: 'Confirm and send', keep: 'Leave it held', not: 'Not confirmed.' },
  resume: { title: 'Resume', button: 'Resume run', keep: 'Leave it paused', not: 'Not resumed.' },
  stop: { title: 'Stop', button: 'Stop run', keep: 'Keep it', not: 'Not stopped.' },
}

/** Whom it reaches, by what, and when stand here before the button does; stopping says what it cannot take back. */
export function OccasionDialog({ run, occasion, act, close }: { run: Run; occasion: Occasion; act: Asked; close: () => void }) {
  const change = useOccasionAct(run, occasion, close)
  const words = WORDS[act]
  const left = occasion.chosen - occasion.asked
  const holdout = Number(run.definition['holdout'] ?? 0)
  const throttle = asFields(asFields(run.definition['trigger'])['throttle'])
  return (
    <Dialog onClose={close} title={`${words.title} the run of ${title(occasion)}`}>
      <div className={styles.form}>
        {act === 'stop' ? (
          <p>
            {left > 0 ? `${plural(left, 'person', 'people')} who were not asked yet will not enter. ` : ''}
            Whoever waits for their hour leaves without being sent anything. What was sent stays sent, and this cannot be undone. “{run.name}” itself goes on.
          </p>
        ) : (
          <dl className={styles.facts}>
            <div>
              <dt>People to be asked</dt>
              <dd>{count(left)}</dd>
            </div>
            {holdout > 0 && (
              <div>
                <dt>Of those, held out</dt>
                <dd>about {percent(holdout, 0)}</dd>
              </div>
            )}
            <div>
              <dt>Channel</dt>
              <dd>{channelsOf(run)}</dd>
            </div>
            <div>
              <dt>First send</dt>
              <dd>At once, where it is time already</dd>
            </div>
            {throttle['people'] !== undefined && (
              <div>
                <dt>At most</dt>
                <dd>
                  {count(Number(throttle['people']))} people a {String(throttle['per'])}
                </dd>
              </div>
            )}
          </dl>
        )}
        {change.isError && (
          <p className={styles.problem} role="alert">
            {words.not} {change.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{words.keep}</Button>
          <Button variant="filled" data-danger={act === 'stop' || undefined} loading={change.isPending} onClick={() => change.mutate(act)}>
            {words.button}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
