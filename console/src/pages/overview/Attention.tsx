import { Link } from '@tanstack/react-router'
import { Hourglass, TriangleAlert } from 'lucide-react'
import type { Overview } from '~/api/types'
import { counted, t } from '~/words/language'
import styles from './Strips.module.css'

/** Fewer than this are on their way at any moment. */
const BEHIND_LEAST = 200

/** What waits for a person's decision. Nothing at all when nothing does. */
export function Attention({ data }: { data: Overview }) {
  const bad = data.errors_open
  const doubt = data.sends.in_doubt ?? 0
  const behind = (data.backlog ?? 0) >= BEHIND_LEAST && !data.loading ? (data.backlog ?? 0) : 0
  if (bad === 0 && doubt === 0 && behind === 0) return null
  return (
    <ul className={styles.attention} aria-label={t('Needs attention')}>
      {bad > 0 && (
        <li>
          <TriangleAlert size={15} aria-hidden="true" />
          <p>
            <strong>{counted(bad, '{{count}} bad record set aside.', '{{count}} bad records set aside.')}</strong> {t('Nothing was lost: mend and replay.')}
          </p>
          <Link to="/data" className="link">
            {t('Look at bad records')}
          </Link>
        </li>
      )}
      {behind > 0 && (
        <li>
          <Hourglass size={15} aria-hidden="true" />
          <p>
            <strong>{counted(behind, '{{count}} request still on the way.', '{{count}} requests still on the way.')}</strong> {t('They are safe on disk; the numbers here catch up with them.')}
          </p>
        </li>
      )}
      {doubt > 0 && (
        <li>
          <TriangleAlert size={15} aria-hidden="true" />
          <p>
            <strong>{counted(doubt, '{{count}} send in doubt.', '{{count}} sends in doubt.')}</strong>{' '}
            {counted(doubt, 'The provider never answered, so it is not sent again by guess.', 'The provider never answered, so they are not sent again by guess.')}
          </p>
          <Link to="/delivery" search={{ tab: 'dead' }} className="link">
            {t('Look at dead letters')}
          </Link>
        </li>
      )}
    </ul>
  )
}
