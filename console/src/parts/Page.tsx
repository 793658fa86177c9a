import type { ReactNode } from 'react'
import { PausedStrip } from './Live'
import styles from './Page.module.css'

/** The scrolling part of a page under its top bar. */
export function Page({ children }: { children: ReactNode }) {
  return (
    <div className={styles.scroll} tabIndex={-1}>
      <div className={styles.page}>
        <PausedStrip />
        {children}
      </div>
    </div>
  )
}

export function Section({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section>
      <div className={styles.heading}>
        <h2>{title}</h2>
        {note && <p>{note}</p>}
      </div>
      {children}
    </section>
  )
}
