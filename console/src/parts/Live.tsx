import { useEffect, useState } from 'react'
import { CloudOff } from 'lucide-react'
import { everything, type Stream, useLiveStatus } from '~/api/live'
import { t } from '~/words/language'
import { clockSeconds } from '~/words/moments'
import styles from './Live.module.css'

/** The live dot: "Live" while the stream runs, "Paused" when it dropped. */
export function LiveMark({ stream = everything, word = 'Live' }: { stream?: Stream; word?: string }) {
  const { state } = useLiveStatus(stream)
  if (state === 'connecting') return <span className={styles.mark} data-state="connecting">{t('Connecting')}</span>
  return (
    <span className={styles.mark} data-state={state}>
      {state === 'live' ? word : t('Paused')}
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
        <strong>{t('Live updates paused.')}</strong> {t('The connection dropped {{seconds}} s ago.', { seconds: Math.round((now - droppedAt) / 1000) })}{' '}
        {heardAt ? t('Numbers are from {{time}}.', { time: clockSeconds(new Date(heardAt)) }) : ''} {t('Retrying.')}
      </p>
    </div>
  )
}
