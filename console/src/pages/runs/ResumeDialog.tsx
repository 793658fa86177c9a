import { Button } from '@mantine/core'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { channelsOf } from './channels'
import { useRunAct } from './RunActions'
import styles from './RunActions.module.css'

/** Resuming writes to people: who, by what channel and when stand here before the button does. */
export function ResumeDialog({ run, close }: { run: Run; close: () => void }) {
  const resume = useRunAct(run, close)
  const pending = run.sends.pending ?? 0
  return (
    <Dialog onClose={close} title={t('Resume “{{name}}”', { name: run.name })}>
      <div className={styles.form}>
        <dl className={styles.facts}>
          <div>
            <dt>{t('People inside')}</dt>
            <dd>{count(run.waiting)}</dd>
          </div>
          <div>
            <dt>{t('Sends waiting to go')}</dt>
            <dd>{count(pending)}</dd>
          </div>
          <div>
            <dt>{t('Channel')}</dt>
            <dd>{channelsOf(run)}</dd>
          </div>
          <div>
            <dt>{t('Next send')}</dt>
            <dd>{pending > 0 ? t('At once') : t('When the next person comes due')}</dd>
          </div>
        </dl>
        {resume.isError && (
          <p className={styles.problem} role="alert">
            {t('Not resumed.')} {resume.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button variant="filled" onClick={() => resume.mutate('resume')} loading={resume.isPending} data-autofocus>
            {run.kind === 'journey' ? t('Resume journey') : t('Resume campaign')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
