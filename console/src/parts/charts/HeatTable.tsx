import type { ReactNode } from 'react'
import { t } from '~/words/language'
import styles from './HeatTable.module.css'

export interface HeatCell {
  /** What stands in it. */
  text: string
  /** How dark it is, from 0 to 1; null for what has no colour. */
  heat: number | null
  /** In full, for the pointer and for those who hear it. */
  title?: string
  /** Not over yet: hatched. */
  open?: boolean
  pick?: () => void
  /** A second, quieter line. */
  note?: string
}
export interface HeatRow {
  name: string
  beside?: ReactNode
  cells: (HeatCell | null)[]
  strong?: boolean
}

interface Props {
  /** What it is a table of, said to those who do not see it. */
  caption: string
  corner: string
  beside?: string
  columns: string[]
  rows: HeatRow[]
  tall?: boolean
}

/** A table people read values off, and see at a glance where they are high. */
export function HeatTable({ caption, corner, beside, columns, rows, tall = false }: Props) {
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={caption}>
      <table className={styles.table} data-tall={tall || undefined}>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {beside !== undefined && <th scope="col" className={styles.number}>{beside}</th>}
            {columns.map((name, i) => (
              <th key={i} scope="col" className={styles.head} title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, beside: aside, cells, strong }, i) => (
            <tr key={i} data-strong={strong || undefined}>
              <th scope="row" title={name}>
                <span className={styles.name}>{name}</span>
              </th>
              {beside !== undefined && <td className={styles.number}>{aside}</td>}
              {cells.map((cell, j) => (
                <td key={j}>{cell && <Heat cell={cell} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.some(({ cells }) => cells.some((cell) => cell?.open)) && (
        <p className={styles.legend}>
          <span className={styles.sample} aria-hidden="true" /> {t('Hatched: not over yet.')}
        </p>
      )}
    </div>
  )
}

function Heat({ cell: { text, heat, title, open, pick, note } }: { cell: HeatCell }) {
  const style = heat === null ? undefined : ({ '--heat': Math.max(0, Math.min(1, heat)) } as React.CSSProperties)
  const inner = (
    <>
      {text}
      {note && <small>{note}</small>}
    </>
  )
  const props = { className: styles.cell, style, title, 'data-plain': heat === null || undefined, 'data-open': open || undefined }
  return pick ? (
    <button type="button" {...props} onClick={pick}>
      {inner}
      {open && title && <span className="unseen">, {title}</span>}
    </button>
  ) : (
    <span {...props}>{inner}</span>
  )
}
