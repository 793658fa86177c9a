import type { Properties } from '~/api/types'
import styles from './Phone.module.css'
import { buttonsOf } from './said'

/** The buttons of a message, to look at: where they lead is listed under the message. */
export function Presses({ parts }: { parts: Properties }) {
  const buttons = buttonsOf(parts)
  if (buttons.length === 0) return null
  return (
    <p className={styles.presses}>
      {buttons.map(({ label, url }, i) => (
        <span key={`${i} ${label}`} title={url || undefined}>
          {label}
        </span>
      ))}
    </p>
  )
}
