import { Switch } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { put, route } from '~/api/client'
import { person as personQuery } from '~/api/queries'
import type { Person } from '~/api/types'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './PersonPage.module.css'

interface Choice {
  channel: string
  topic: string | null
  granted: boolean
}

const choices = (consent: Record<string, boolean>): Choice[] =>
  Object.entries({ ...(Object.keys(consent).some((key) => key.split('/')[0] === 'email') ? {} : { email: true }), ...consent })
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, granted]) => {
      const [channel = key, topic] = key.split('/', 2)
      return { channel, topic: topic ?? null, granted }
    })

/** What this person agreed to hear, per channel and topic. A change counts at once, and is an event in their history. */
export function ConsentSection({ id, person }: { id: string; person: Person }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: ({ channel, topic, granted }: Choice) =>
      put<{ consent: Record<string, boolean> }>(route`/api/people/${id}/consent`, { channel, ...(topic ? { topic } : {}), granted }),
    onSuccess: ({ consent }) =>
      client.setQueryData<Person>(personQuery(id).queryKey, (old) => (old ? { ...old, consent } : old)),
  })
  const unasked = Object.keys(person.consent).length === 0
  return (
    <section className={styles.section}>
      <h2>{t('Consent')}</h2>
      <div className={styles.consents}>
        {choices(person.consent).map((choice) => (
          <Switch
            key={`${choice.channel}/${choice.topic ?? ''}`}
            className={choice.topic && choice.channel in person.consent ? styles.topic : undefined}
            label={`${channelName(choice.channel)}${choice.topic ? `, ${choice.topic}` : ''}`}
            checked={choice.granted}
            disabled={change.isPending}
            onChange={(event) => change.mutate({ ...choice, granted: event.currentTarget.checked })}
          />
        ))}
      </div>
      {unasked && <p className="faint">{t('Never asked: the workspace’s default holds.')}</p>}
      {change.isError && (
        <p className={styles.problem} role="alert">
          {t('Not changed.')} {change.error.message}
        </p>
      )}
    </section>
  )
}
