import { useEffect, useState } from 'react'
import { CloudOff } from 'lucide-react'
import { everything, type Stream, useLiveStatus } from '~/api/live'
import { clockSeconds } from '~/words/moments'
import styles from './Live.module.css'

/** The live dot: "Live" while the stream runs, "Paused" when it dropped. */
export function LiveMark({ stream = everything, word = 'Live' }: { stream?: Stream; word?: string }) {
  const { state } = useLiveStatus(stream)
  if (state === 'connecting') return <span className={styles.mark} data-state="connecting">Connecting</span>
  return (
    <span className={styles.mark} data-state={state}>
      {state === 'live' ? word : 'Paused'}
    </span>
  )
}

/** A short break is nobody's business; after two seconds the strip says so. */
const PATIENCE_MS = 2_000

export function PausedStrip({ stream = everything }: { stream?: Stream }) {
  const { droppedAt, heardAt } = useLiveStatus(stream)
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (droppedAt === null) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [droppedAt])
  if (droppedAt === null || now - droppedAt < PATIENCE_MS) return null
  return (
    <div className={styles.strip} role="status">
      <CloudOff size={16} aria-hidden="true" />
      <p>
        <strong>Live updates paused.</strong> The connection dropped {Math.round((now - droppedAt) / 1000)} s ago
        {heardAt ? `; numbers are from ${clockSeconds(new Date(heardAt))}` : ''}. Retrying.
      </p>
    </div>
  )
}
