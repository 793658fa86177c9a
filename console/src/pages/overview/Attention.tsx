import { Link } from '@tanstack/react-router'
import { Hourglass, TriangleAlert } from 'lucide-react'
import type { Overview } from '~/api/types'
import { plural } from '~/words/numbers'
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
    <ul className={styles.attention} aria-label="Needs attention">
      {bad > 0 && (
        <li>
          <TriangleAlert size={15} aria-hidden="true" />
          <p>
            <strong>{plural(bad, 'bad record')}</strong> set aside. Nothing was lost: mend and replay.
          </p>
          <Link to="/data" className="link">
            Look at bad records
          </Link>
        </li>
      )}
      {behind > 0 && (
        <li>
          <Hourglass size={15} aria-hidden="true" />
          <p>
            <strong>{plural(behind, 'request')} still on the way.</strong> They are safe on disk; the numbers here catch up with them.
          </p>
        </li>
      )}
      {doubt > 0 && (
        <li>
          <TriangleAlert size={15} aria-hidden="true" />
          <p>
            <strong>{plural(doubt, 'send')} in doubt.</strong> The provider never answered, so {doubt === 1 ? 'it is' : 'they are'} not sent again by
            guess.
          </p>
          <Link to="/delivery" search={{ tab: 'dead' }} className="link">
            Look at dead letters
          </Link>
        </li>
      )}
    </ul>
  )
}
