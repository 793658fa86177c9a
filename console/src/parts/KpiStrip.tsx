import type { ReactNode } from 'react'
import styles from './KpiStrip.module.css'
import { Sparkline } from './Sparkline'

export interface Kpi {
  label: string
  value: ReactNode
  note: ReactNode
  trend?: number[]
}

/** One bordered block of the few numbers that matter. */
export function KpiStrip({ kpis }: { kpis: Kpi[] }) {
  return (
    <ul className={styles.strip}>
      {kpis.map(({ label, value, note, trend }) => (
        <li key={label} className={styles.kpi}>
          <span className={styles.label}>{label}</span>
          <span className={styles.value}>{value}</span>
          <span className={styles.note}>{note}</span>
          {trend && (
            <span className={styles.trend}>
              <Sparkline values={trend} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
