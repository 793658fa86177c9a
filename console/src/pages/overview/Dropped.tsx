import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { eventVolumes } from '~/pages/data/volumes'
import { counted, LOCALE, t } from '~/words/language'
import { count } from '~/words/numbers'
import { type Drop, drops, LOOKED_AT_DAYS } from './drops'
import styles from './Strips.module.css'

const NAMED_MOST = 3
const and = new Intl.ListFormat(LOCALE)
/** A day's count changes slowly, and asking for two weeks of them costs more than the rest of the page. */
const AGAIN_MS = 600_000

/** Events that come far less than they did: most often a site or an app lost them on the way. Nothing when none does. */
export default function Dropped() {
  const volumes = useQuery({ ...eventVolumes(LOOKED_AT_DAYS), staleTime: AGAIN_MS, refetchInterval: AGAIN_MS }).data
  const dropped = volumes ? drops(volumes) : []
  const first = dropped[0]
  if (!first) return null
  return (
    <ul className={styles.attention} aria-label={t('Events that have become few')}>
      <li>
        <TriangleAlert size={15} aria-hidden="true" />
        <p>
          <strong>{counted(dropped.length, '{{events}} comes far less than before.', '{{events}} come far less than before.', { events: named(dropped) })}</strong>{' '}
          {t('“{{event}}”: {{now}} in 24 hours, at least {{usual}} a day in the week before.', { event: first.event, now: count(first.now), usual: count(first.usual) })}{' '}
          {counted(first.days, 'It has been so for {{count}} day.', 'It has been so for {{count}} days.')}
        </p>
        <Link to="/data" search={{ tab: 'events' }} className="link">
          {t('Look at events')}
        </Link>
      </li>
    </ul>
  )
}

function named(dropped: Drop[]): string {
  const names = dropped.slice(0, NAMED_MOST).map(({ event }) => t('“{{name}}”', { name: event }))
  const more = dropped.length - names.length
  return and.format(more > 0 ? [...names, t('{{count}} more', { count: more })] : names)
}
