import { Button } from '@mantine/core'
import type { MailRow } from '~/api/types'
import { Ago } from '~/parts/Moment'
import styles from './MailboxPage.module.css'

interface Props {
  messages: MailRow[]
  open: number | undefined
  choose: (id: number) => void
  more: (() => void) | null
}

export function MailList({ messages, open, choose, more }: Props) {
  return (
    <div className={styles.list} tabIndex={0} role="region" aria-label="Mail">
      <ul>
        {messages.map((message) => (
          <li key={message.id}>
            <button type="button" className={styles.row} aria-current={message.id === open} onClick={() => choose(message.id)}>
              <span className={styles.first}>
                <span className="cut">{message.to}</span>
                <Ago at={message.received_at} />
              </span>
              <span className={`${styles.subject} cut`}>{message.subject || 'No subject'}</span>
              <span className={`${styles.preview} cut`}>{message.preview}</span>
            </button>
          </li>
        ))}
      </ul>
      {more && (
        <Button className={styles.more} onClick={more}>
          Show older mail
        </Button>
      )}
    </div>
  )
}
