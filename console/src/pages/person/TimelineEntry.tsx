import { ChevronDown } from 'lucide-react'
import { useId, useState } from 'react'
import type { HappenedEvent } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { EventTile } from '~/parts/EventTile'
import { JsonText } from '~/parts/JsonText'
import { ago, clock, full } from '~/words/moments'
import { capital, detail, origin, phrase } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './Timeline.module.css'

const RECENT_MS = 6 * 3600_000

export function TimelineEntry({ event, now }: { event: HappenedEvent; now: Date }) {
  const [open, setOpen] = useState(false)
  const body = useId()
  const { verb, family } = phrase(event)
  const more = detail(event)
  const recent = now.getTime() - new Date(event.timestamp).getTime() < RECENT_MS
  return (
    <div className={styles.entry}>
      <EventTile family={family} />
      <div className={styles.words}>
        <div className={styles.first}>
          <button type="button" className={styles.verb} aria-expanded={open} aria-controls={open ? body : undefined} onClick={() => setOpen(!open)}>
            {capital(verb)}
          </button>
          <Chip>{origin(event) || event.source}</Chip>
          <ChevronDown className={styles.chevron} size={13} aria-hidden="true" />
        </div>
        {more && <p className={`${styles.detail} cut`}>{more}</p>}
        {open && (
          <div id={body} className={styles.body}>
            <JsonText
              label={t('Everything about {{name}}', { name: event.event })}
              value={{
                event: event.event, kind: event.kind, timestamp: event.timestamp, received_at: event.received_at, message_id: event.message_id,
                source: event.source, identity: { kind: event.identity.kind, value: event.identity.value }, properties: event.properties, context: event.context,
              }}
            />
          </div>
        )}
      </div>
      <time className={styles.at} dateTime={event.timestamp} title={full(event.timestamp)}>
        {recent ? ago(event.timestamp, now) : clock(event.timestamp)}
      </time>
    </div>
  )
}
