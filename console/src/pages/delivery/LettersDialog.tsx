import { Button } from '@mantine/core'
import type { DeadLetter } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import panes from '../data/DataPage.module.css'
import styles from './DeliveryPage.module.css'
import { type LetterAct, useLetters } from './useLetters'

interface Props {
  act: LetterAct
  channel: string | null
  /** Those that are listed. */
  letters: DeadLetter[]
  /** How many there are, those that are not listed among them. */
  total: number
  done: (said: string) => void
  close: () => void
}

/** All of them at once: how many, by what and when stand here before the button does. */
export function LettersDialog({ act, channel, letters, total, done, close }: Props) {
  const change = useLetters(act, (said) => {
    done(said)
    close()
  })
  const doubtful = letters.filter(({ state }) => state === 'in_doubt').length
  const channels = [...new Set(letters.map((each) => each.channel))].map(channelName).join(', ')
  return (
    <Dialog onClose={close} title={act === 'replay' ? t('Send all again') : t('Drop all')}>
      <div className={styles.form}>
        {act === 'replay' ? (
          <>
            <dl className={panes.facts}>
              <div>
                <dt>{t('Messages')}</dt>
                <dd>{count(total)}</dd>
              </div>
              <div>
                <dt>{t('Channel')}</dt>
                <dd>{channels}</dd>
              </div>
              <div>
                <dt>{t('Next send')}</dt>
                <dd>{t('At once')}</dd>
              </div>
            </dl>
            <p className="quiet">
              {t('Each asks the gate once more: who has opted out meanwhile is not written to, and marketing that is too old stays here.')}
              {doubtful > 0 && ` ${counted(doubtful, '{{count}} message of those listed may arrive twice.', '{{count}} messages of those listed may arrive twice.')}`}
            </p>
          </>
        ) : (
          <p>
            {channel
              ? counted(total, '{{count}} message by {{channel}} will never be sent; it stays counted as failed.', '{{count}} messages by {{channel}} will never be sent; they stay counted as failed.', { channel: channelName(channel) })
              : counted(total, '{{count}} message will never be sent; it stays counted as failed.', '{{count}} messages will never be sent; they stay counted as failed.')}{' '}
            {t('This cannot be undone.')}
          </p>
        )}
        {change.isError && (
          <p className={panes.bad} role="alert">
            {t('Nothing was changed.')} {change.error.message}
          </p>
        )}
        <div className={panes.actions}>
          <Button onClick={close}>{t('Leave them')}</Button>
          <Button
            variant="filled"
            data-danger={act === 'drop' || undefined}
            loading={change.isPending}
            onClick={() => change.mutate({ all: true, ...(channel ? { channel } : {}) })}
          >
            {act === 'replay' ? t('Send all again') : t('Drop all')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
