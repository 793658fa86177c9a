import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { t } from '~/words/language'
import { AppScreen } from './AppScreen'
import { Chats } from './Chats'
import { LockScreen } from './LockScreen'
import styles from './Phone.module.css'
import { type Said, type Screen, screenOf } from './said'

const LABELS: Record<Screen, string> = { lock: t('Lock screen'), chats: t('Messages'), app: t('In the app') }
const ORDER: Screen[] = ['lock', 'chats', 'app']

/** A phone on which these messages came, newest first: what is on its lock screen, in its chats and in the app. */
export function Phone({ messages }: { messages: Said[] }) {
  const there = ORDER.filter((screen) => messages.some(({ medium }) => screenOf(medium) === screen))
  const [chosen, setChosen] = useState<Screen | null>(null)
  const screen = chosen && there.includes(chosen) ? chosen : there[0]
  if (!screen) return null
  const shown = messages.filter(({ medium }) => screenOf(medium) === screen)
  return (
    <div className={styles.whole}>
      {there.length > 1 && (
        <SegmentedControl
          aria-label={t('Screen')}
          data={there.map((value) => ({ value, label: LABELS[value] }))}
          value={screen}
          onChange={(value) => setChosen(value as Screen)}
        />
      )}
      <section className={styles.phone} aria-label={LABELS[screen]} tabIndex={0}>
        {screen === 'lock' ? <LockScreen messages={shown} /> : screen === 'chats' ? <Chats messages={shown} /> : <AppScreen messages={shown} />}
      </section>
    </div>
  )
}
