import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Send } from 'lucide-react'
import { useHappenings } from '~/api/feed'
import { t } from '~/words/language'
import styles from './DataPage.module.css'

const PERSON = 'try-it'

/** Sends one event through the front door, as a customer's page would, and shows it arriving. */
export function TryIt({ writeKey }: { writeKey: string }) {
  const happened = useHappenings()
  const send = useMutation({
    mutationFn: async () => {
      const messageId = `try-it-${crypto.randomUUID()}`
      const answer = await fetch('/v1/track', {
        method: 'POST',
        credentials: 'omit',
        headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(`${writeKey}:`)}` },
        body: JSON.stringify({ userId: PERSON, event: 'Tried It', messageId, properties: { from: 'console' } }),
      })
      if (!answer.ok) throw new Error(t('The server answered {{status}}. Is the write key still in use?', { status: answer.status }))
      return messageId
    },
  })
  const arrived = send.data !== undefined && happened.some((each) => each.message_id === send.data)
  return (
    <div className={styles.form}>
      <Button leftSection={<Send size={14} />} loading={send.isPending} onClick={() => send.mutate()}>
        {t('Try it: send one event')}
      </Button>
      <p role="status">
        {arrived ? (
          <>
            {t('“Tried It” has arrived.')}{' '}
            <Link to="/people/$id" params={{ id: PERSON }} className="link">
              {t('See it on their timeline')}
            </Link>
          </>
        ) : send.data !== undefined ? (
          t('It was taken, and is on its way.')
        ) : send.isError ? (
          `${t('Nothing was sent.')} ${send.error.message}`
        ) : (
          ''
        )}
      </p>
    </div>
  )
}
