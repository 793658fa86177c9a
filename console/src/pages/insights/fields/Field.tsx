import type { ReactNode } from 'react'
import styles from './Fields.module.css'

/** A few fields that belong together, under one heading. */
export function FieldGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={styles.group} role="group" aria-label={title}>
      <p className={styles.title}>{title}</p>
      {children}
    </div>
  )
}
