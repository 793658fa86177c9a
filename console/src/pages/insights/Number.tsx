import type { ReactNode } from 'react'
import styles from './Insights.module.css'

/** A number that opens to its people. */
export function Opening({ open, children }: { open: () => void; children: ReactNode }) {
  return (
    <button type="button" className={styles.opening} onClick={open}>
      {children}
    </button>
  )
}
