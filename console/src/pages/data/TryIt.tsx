import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Send } from 'lucide-react'
import { get } from '~/api/client'
import { useHappenings } from '~/api/feed'
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import styles from './DataPage.module.css'

const PERSON = 'try-it'
const EVENT = 'Tried It'
const LOOK_MS = 1_000

/** Sends one event through the front door, as a customer's page would, and shows it arriving. */
export function TryIt({ writeKey }: { writeKey: string }) {
  const happened = useHappenings()
  // When it came last before: in a busy shop one event may be past before anybody saw it go by.
  const came = async () => (await get<Shape<'EventNames'>>('/api/schema/events')).events.find(({ name }) => name === EVENT)?.last
  const send = useMutation({
    mutationFn: async () => {
      const before = await came()
      const messageId = `try-it-${crypto.randomUUID()}`
      const answer = await fetch('/v1/track', {
        method: 'POST',
        credentials: 'omit',
        headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(`${writeKey}:`)}` },
        body: JSON.stringify({ userId: PERSON, event: EVENT, messageId, properties: { from: 'console' } }),
      })
      if (!answer.ok) throw new Error(t('The server answered {{status}}. Is the write key still in use?', { status: answer.status }))
      return { messageId, before }
    },
  })
  const sent = send.data
  const since = useQuery({
    queryKey: ['try-it', sent?.messageId],
    queryFn: async () => (await came()) !== sent?.before,
    enabled: sent !== undefined,
    refetchInterval: ({ state }) => (state.data ? false : LOOK_MS),
  })
  const arrived = sent !== undefined && (since.data === true || happened.some((each) => each.message_id === sent.messageId))
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
        ) : sent !== undefined ? (
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
