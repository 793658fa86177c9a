import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Pause, Play } from 'lucide-react'
import { useState } from 'react'
import { useHappenings } from '~/api/feed'
import { SOUGHT_MOST, useFound } from '~/api/found'
import { useMay } from '~/api/may'
import type { LiveEvent, Properties } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { SieveDrawing } from '~/parts/Drawings'
import { JsonText } from '~/parts/JsonText'
import { PausedStrip } from '~/parts/Live'
import { Ago } from '~/parts/Moment'
import { NeedsMore } from '~/parts/NeedsMore'
import pageStyles from '~/parts/Page.module.css'
import { SearchBox } from '~/parts/SearchBox'
import { Empty, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import styles from './DataPage.module.css'

const holds = (event: LiveEvent, text: string) => JSON.stringify(event).toLowerCase().includes(text.toLowerCase())

/** What happens now, for who may see whom it happens to. */
export function LiveTab() {
  const may = useMay()
  return may('people:read') ? <Arriving /> : <NeedsMore needs="people:read" />
}

/** Events as they arrive: found by any word in them, held still to be read, opened, copied. */
function Arriving() {
  const every = useHappenings()
  const [text, setText] = useState('')
  const { found, stream } = useFound(text)
  const happened = text === '' ? every : found
  const [held, setHeld] = useState<LiveEvent[] | null>(null)
  const shown = held ? held.filter((event) => text === '' || holds(event, text)) : happened
  const newer = held && happened ? happened.filter((event) => !held.some((each) => each.message_id === event.message_id)).length : 0
  return (
    <div className={styles.send}>
      <div className={styles.form}>
        <SearchBox label={t('Find events')} hint={t('Event, person, source or value')} value={text} onChange={setText} most={SOUGHT_MOST} />
        <Button leftSection={held ? <Play size={14} /> : <Pause size={14} />} onClick={() => setHeld(held || !shown ? null : shown)}>
          {held ? t('Go on') : t('Pause')}
        </Button>
        <p className="quiet" role="status">
          {held ? counted(newer, 'Paused, {{count}} newer', 'Paused, {{count}} newer') : ''}
        </p>
      </div>
      {text !== '' && <PausedStrip stream={stream} />}
      {!shown ? (
        <Waiting rows={3} />
      ) : shown.length === 0 ? (
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
