import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { type Answer, type Cell, type CellKey, type Column, partWords, type Row, written } from './answer'
import { columnLabel } from './columnLabels'
import styles from './Insights.module.css'
import type { AnyKind } from './kind'
import { stageName } from './kinds/lifecycle'
import { cellName } from './kinds/rfm'
import { Opening } from './Number'
import type { Question } from './question'

const ROW = 34
const NUMBERS = new Set(['whole', 'number', 'share', 'money'])

interface Props {
  kind: AnyKind
  asked: Question
  answer: Answer
  rows: Row[]
  open: (cell: CellKey) => void
}

/** The whole answer, line by line; what does not fit is drawn when it is scrolled to. */
export function AnswerTable({ kind, asked, answer, rows, open }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const columns = answer.columns.filter(({ name }) => !name.endsWith('part'))
  const view = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 })
  const items = view.getVirtualItems()
  const before = items[0]?.start ?? 0
  const after = view.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    <div ref={box} className={styles.table} tabIndex={0} role="region" aria-label={t('The answer as a table')}>
      <table className={tableStyles.table} data-dense aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" title={column.about} className={NUMBERS.has(column.type) ? tableStyles.number : undefined}>
                {columnLabel(column.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden="true">
              <td style={{ blockSize: before, padding: 0, border: 0 }} colSpan={columns.length} />
            </tr>
          )}
          {items.map(({ index }) => {
            const row = rows[index]!
            return (
              <tr key={index} aria-rowindex={index + 2}>
                {columns.map((column) => {
                  const cell = kind.cell(asked, row, column.name)
                  const text = shown(row, column, answer)
                  return (
                    <td key={column.name} className={NUMBERS.has(column.type) ? tableStyles.number : styles.text}>
                      {cell && row[column.name] !== null ? <Opening open={() => open(cell)}>{text}</Opening> : text}
                    </td>
                  )
                })}
              </tr>
            )
          })}
          {after > 0 && (
            <tr aria-hidden="true">
              <td style={{ blockSize: after, padding: 0, border: 0 }} colSpan={columns.length} />
            </tr>
          )}
        </tbody>
      </table>
      {rows.length === 0 && <p className={styles.unfinished}>{t('There is nothing to show.')}</p>}
    </div>
  )
}

/** Which column says what stands in for a missing value of another. */
const PARTS: Record<string, string> = { breakdown: 'part', source: 'part', row: 'row_part', column: 'column_part', from_event: 'from_part', to_event: 'to_part' }

function shown(row: Row, column: Column, answer: Answer): string {
  const value: Cell = row[column.name] ?? null
  const part = PARTS[column.name]
  if (part !== undefined) return partWords(value, row[part])
  if (column.name === 'stage' || column.name === 'stage_before') return value === null ? t('Not there yet') : stageName(String(value))
  if (column.name === 'cell' || column.name === 'from_cell' || column.name === 'to_cell') return cellName(value)
  if (column.name === 'cohort' && value === null) return t('All cohorts')
  return written(value, column, answer)
}
