import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Pause, Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import { newestFirst, useHappenings } from '~/api/feed'
import type { LiveEvent, Properties } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { SieveDrawing } from '~/parts/Drawings'
import { JsonText } from '~/parts/JsonText'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { SearchBox } from '~/parts/SearchBox'
import { Empty } from '~/parts/States'
import { counted, t } from '~/words/language'
import styles from './DataPage.module.css'

/** Of those that were looked for, more are kept than of all: in a busy shop they are soon past. */
const KEPT = 200

const holds = (event: LiveEvent, text: string) => JSON.stringify(event).toLowerCase().includes(text.toLowerCase())

/** Events as they arrive: found by any word in them, held still to be read, opened, copied. */
export function LiveTab() {
  const every = useHappenings()
  const [text, setText] = useState('')
  const [found, setFound] = useState<LiveEvent[]>([])
  useEffect(() => {
    if (text === '') return
    const those = every.filter((event) => holds(event, text)).reverse()
    setFound((before) => newestFirst(those, before.filter((event) => holds(event, text)), KEPT))
  }, [every, text])
  const happened = text === '' ? every : found
  const [held, setHeld] = useState<LiveEvent[] | null>(null)
  const shown = (held ?? happened).filter((event) => text === '' || holds(event, text))
  const newer = held ? happened.filter((event) => !held.some((each) => each.message_id === event.message_id)).length : 0
  return (
    <div className={styles.send}>
      <div className={styles.form}>
        <SearchBox label={t('Find events')} hint={t('Event, person, source or value')} value={text} onChange={setText} />
        <Button leftSection={held ? <Play size={14} /> : <Pause size={14} />} onClick={() => setHeld(held ? null : happened)}>
          {held ? t('Go on') : t('Pause')}
        </Button>
        <p className="quiet" role="status">
          {held ? counted(newer, 'Paused, {{count}} newer', 'Paused, {{count}} newer') : ''}
        </p>
      </div>
      {shown.length === 0 ? (
        <div className={pageStyles.card}>
          <Empty
            title={text ? t('No event like that among the newest') : t('Nothing has arrived since you came')}
            drawing={<SieveDrawing />}
            actions={text ? <Button onClick={() => setText('')}>{t('Show every event')}</Button> : undefined}
          >
            {t('Events show here within a second of being received.')}
          </Empty>
        </div>
      ) : (
        <ul className={styles.live}>
          {shown.map((event) => (
            <Arrived key={event.message_id} event={event} />
          ))}
        </ul>
      )}
    </div>
  )
}

/** What there is to know of it, as it came. */
const told = ({ event, kind, timestamp, received_at, message_id, source, identity, properties, context }: LiveEvent): Properties => ({
  event, kind, timestamp, received_at, message_id, source, identity: { kind: identity.kind, value: identity.value }, properties, context,
})

function Arrived({ event }: { event: LiveEvent }) {
  const [open, setOpen] = useState(false)
  return (
    <li>
      <div className={styles.line}>
        <button type="button" className={styles.disclose} aria-expanded={open} onClick={() => setOpen(!open)}>
          <bdi className="cut">{event.event.slice(0, 120)}</bdi>
        </button>
        <Chip>{event.source}</Chip>
        <Link to="/people/$id" params={{ id: event.person.user_id }} className="link cut">
          <bdi>{event.person.name || event.person.user_id}</bdi>
        </Link>
        <span className="quiet">
          <Ago at={event.timestamp} />
        </span>
      </div>
      {open && (
        <div className={styles.snippet}>
          <JsonText label={t('Everything about {{name}}', { name: event.event.slice(0, 120) })} value={told(event)} />
          <CopyButton text={() => JSON.stringify(told(event), null, 2)} />
        </div>
      )}
    </li>
  )
}
