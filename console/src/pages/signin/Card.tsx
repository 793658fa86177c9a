import type { ReactNode } from 'react'
import { Mark } from '~/frame/Mark'
import styles from './SignIn.module.css'

/** What is shown before anybody is signed in: one card on an empty page. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Mark size={28} />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
