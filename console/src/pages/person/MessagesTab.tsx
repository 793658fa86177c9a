import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button } from '@mantine/core'
import { ChevronDown } from 'lucide-react'
import { useId, useState } from 'react'
import { mail as mailQuery, mailbox } from '~/api/queries'
import type { MailRow } from '~/api/types'
import { KeptMessage } from '~/pages/mailbox/KeptMessage'
import { Preview } from '~/pages/mailbox/Preview'
import { Chip } from '~/parts/Chip'
import { LetterDrawing } from '~/parts/Drawings'
import { MediumIcon } from '~/parts/MediumIcon'
import { Ago } from '~/parts/Moment'
import { Answered, Empty, Failed, Waiting } from '~/parts/States'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './Timeline.module.css'

/** Every message they were sent, with what it said, as it was sent. */
export function MessagesTab({ id }: { id: string }) {
  const query = useInfiniteQuery(mailbox('', '', id))
  const messages = query.data?.pages.flatMap((page) => page.messages) ?? []
  if (query.isPending) return <Waiting rows={6} height={52} />
  if (query.isError) return <Failed what={t('Their messages did not load')} error={query.error} retry={() => void query.refetch()} />
  if (messages.length === 0)
    return (
      <Empty title={t('No message is kept')} drawing={<LetterDrawing />}>
        {t('What the built-in mailbox delivers to them shows here as it was sent. What other providers took is in the timeline.')}
      </Empty>
    )
  return (
    <div className={styles.messages} tabIndex={0} role="region" aria-label={t('Messages')}>
      <ul>
        {messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
      </ul>
      {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('Show older messages')}</Button>}
    </div>
  )
}

function Message({ message }: { message: MailRow }) {
  const [open, setOpen] = useState(false)
  const body = useId()
  return (
    <li className={styles.message}>
      <div className={styles.first}>
        <MediumIcon medium={message.medium} size={14} />
        <button type="button" className={styles.verb} aria-expanded={open} aria-controls={open ? body : undefined} onClick={() => setOpen(!open)}>
          <bdi>{message.subject || channelName(message.medium)}</bdi>
        </button>
        <Chip>{channelName(message.medium)}</Chip>
        <ChevronDown className={styles.chevron} size={13} aria-hidden="true" />
        <span className={styles.at}>
          <Ago at={message.received_at} />
        </span>
      </div>
      {!open && <p className={`${styles.detail} cut`}>{message.preview}</p>}
      {open && (
        <div id={body} className={styles.opened}>
          <Content id={message.id} />
        </div>
      )}
    </li>
  )
}

function Content({ id }: { id: number }) {
  const query = useQuery(mailQuery(id))
  return (
    <Answered query={query} what={t('This message did not load')} waiting={<Waiting rows={4} height={60} />}>
      {(mail) => (mail.words ? <KeptMessage mail={mail} words={mail.words} /> : mail.html ? <Preview html={mail.html} /> : <pre tabIndex={0}>{mail.text}</pre>)}
    </Answered>
  )
}
