import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useHappenings } from '~/api/feed'
import type { LiveEvent } from '~/api/types'
import { EventTile } from '~/parts/EventTile'
import { detail, origin, phrase } from '~/words/happenings'
import { t } from '~/words/language'
import { clockSeconds, full } from '~/words/moments'
import styles from './HappeningNow.module.css'

const ROWS = 8

/** The newest events as they come in, still while pointed at. Not a live region: a stream would never stop talking. */
export function HappeningNow({ perMinute }: { perMinute: number }) {
  const newest = useHappenings().slice(0, ROWS)
  const [held, setHeld] = useState<LiveEvent[] | null>(null)
  const events = held ?? newest
  const hold = () => setHeld(newest)
  const release = () => setHeld(null)
  return (
    <section className={styles.card} aria-labelledby="happening" onPointerEnter={hold} onPointerLeave={release}>
      <header className={styles.head}>
        <h2 id="happening">{t('Happening now')}</h2>
        <span className="quiet">{held ? t('Held while you point') : t('{{amount}} / min', { amount: perMinute })}</span>
      </header>
      {events.length === 0 ? (
        <p className={styles.none}>{t('Events show here as they arrive.')}</p>
      ) : (
        <ul className={styles.list}>
          {events.map((event) => (
            <Happening key={event.message_id} event={event} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Happening({ event }: { event: LiveEvent }) {
  const { verb, family } = phrase(event)
  const id = event.person.user_id || event.identity.value
  const unnamed = event.identity.kind === 'anonymous' && [event.identity.value, ''].includes(event.person.name)
  const name = unnamed ? t('Someone new') : event.person.name || event.person.user_id
  return (
    <li className={styles.row}>
      <EventTile family={family} />
      <div className={styles.words}>
        <p className="cut">
          <Link to="/people/$id" params={{ id }} className={styles.name}>
            {name}
          </Link>{' '}
          {verb}
        </p>
        <p className={`${styles.detail} cut`}>{told(event) || event.source}</p>
      </div>
      <time className={styles.at} dateTime={event.timestamp} title={full(event.timestamp)}>
        {clockSeconds(event.timestamp)}
      </time>
    </li>
  )
}

/** What more there is to say of it; of what we did ourselves, also which journey or campaign it was for. */
function told(event: LiveEvent): string {
  const [of, more] = [origin(event), detail(event)]
  return more.includes(of) ? more : [of, more].filter(Boolean).join(' · ')
}
