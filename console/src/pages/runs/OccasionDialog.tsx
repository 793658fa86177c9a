import { Button } from '@mantine/core'
import type { Occasion, Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { channelsOf } from './channels'
import { asFields } from './graph'
import { type OccasionAct, title, useOccasionAct } from './occasions'
import styles from './RunActions.module.css'

/** Pausing asks nothing: it is undone as easily. */
type Asked = Exclude<OccasionAct, 'pause'>

const WORDS: Record<Asked, { title: string; button: string; keep: string; not: string }> = {
  confirm: { title: t('Confirm'), button: t('Confirm and send'), keep: t('Leave it held'), not: t('Not confirmed.') },
  resume: { title: t('Resume'), button: t('Resume run'), keep: t('Leave it paused'), not: t('Not resumed.') },
  stop: { title: t('Stop'), button: t('Stop run'), keep: t('Keep it'), not: t('Not stopped.') },
}

const PER: Record<string, string> = { minute: t('per minute'), hour: t('per hour'), day: t('per day') }

/** Whom it reaches, by what, and when stand here before the button does; stopping says what it cannot take back. */
export function OccasionDialog({ run, occasion, act, close }: { run: Run; occasion: Occasion; act: Asked; close: () => void }) {
  const change = useOccasionAct(run, occasion, close)
  const words = WORDS[act]
  const left = occasion.chosen - occasion.asked
  const holdout = Number(run.definition['holdout'] ?? 0)
  const throttle = asFields(asFields(run.definition['trigger'])['throttle'])
  return (
    <Dialog onClose={close} title={`${words.title}: ${title(occasion)}`}>
      <div className={styles.form}>
        {act === 'stop' ? (
          <p>
            {left > 0 && `${counted(left, '{{count}} person who was not asked yet will not enter.', '{{count}} people who were not asked yet will not enter.')} `}
            {t('Whoever waits for their hour leaves without being sent anything. What was sent stays sent, and this cannot be undone. “{{name}}” itself goes on.', { name: run.name })}
          </p>
        ) : (
          <dl className={styles.facts}>
            <div>
              <dt>{t('People to be asked')}</dt>
              <dd>{count(left)}</dd>
            </div>
            {holdout > 0 && (
              <div>
                <dt>{t('Of those, held out')}</dt>
                <dd>{t('about {{share}}', { share: percent(holdout, 0) })}</dd>
              </div>
            )}
            <div>
              <dt>{t('Channel')}</dt>
              <dd>{channelsOf(run)}</dd>
            </div>
            <div>
              <dt>{t('First send')}</dt>
              <dd>{t('At once, where it is time already')}</dd>
            </div>
            {throttle['people'] !== undefined && (
              <div>
                <dt>{t('At most')}</dt>
                <dd>
                  {t('{{number}} people', { number: Number(throttle['people']) })}, {PER[String(throttle['per'])] ?? String(throttle['per'])}
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
