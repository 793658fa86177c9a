import { Button } from '@mantine/core'
import type { MailRow } from '~/api/types'
import { MediumIcon } from '~/parts/MediumIcon'
import { Ago } from '~/parts/Moment'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './MailboxPage.module.css'

interface Props {
  messages: MailRow[]
  open: number | undefined
  choose: (id: number) => void
  more: (() => void) | null
}

export function MailList({ messages, open, choose, more }: Props) {
  return (
    <div className={styles.list} tabIndex={0} role="region" aria-label={t('Kept messages')}>
      <ul>
        {messages.map((message) => (
          <li key={message.id}>
            <button type="button" className={styles.row} aria-current={message.id === open} onClick={() => choose(message.id)}>
              <span className={styles.first}>
                <span className={styles.medium}>
                  <MediumIcon medium={message.medium} size={12} />
                  <span>{channelName(message.medium)}</span>
                </span>
                <span className="cut">{message.medium === 'email' ? message.to : message.user_id || message.to}</span>
                <Ago at={message.received_at} />
              </span>
              {(message.subject || message.medium === 'email') && <span className={`${styles.subject} cut`}>{message.subject || t('No subject')}</span>}
              <span className={`${styles.preview} cut`}>{message.preview}</span>
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <Button className={styles.more} onClick={more}>
          {t('Show older messages')}
        </Button>
      )}
    </div>
  )
}
