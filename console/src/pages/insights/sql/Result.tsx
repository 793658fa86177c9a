import { Button } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Download } from 'lucide-react'
import { useRef } from 'react'
import { saveSheet, sheetText } from '~/parts/charts/files'
import { CopyButton } from '~/parts/CopyButton'
import tableStyles from '~/parts/Table.module.css'
import type { Shape } from '~/api/shape'
import { counted, t } from '~/words/language'
import { milliseconds, NONE } from '~/words/numbers'
import insightStyles from '../Insights.module.css'
import styles from './Sql.module.css'

const ROW = 34
const NUMERIC = /^(u?int|float|double|decimal)/

export type SqlRows = Shape<'SqlRows'>

/** The rows, of which only those in view are in the page. */
export function Result({ answer }: { answer: SqlRows }) {
  const box = useRef<HTMLDivElement>(null)
  const { columns, rows } = answer
  const view = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 16 })
  const items = view.getVirtualItems()
  const before = items[0]?.start ?? 0
  const asText = (separator: string) => sheetText([columns.map(({ name }) => name), ...rows], separator)
  const after = view.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    <section aria-label={t('The answer')}>
      <div className={styles.told}>
        <p role="status">
          {counted(rows.length, '{{count}} row', '{{count}} rows')}
          <span className="quiet">
            {' '}
            {t('in {{time}}', { time: milliseconds(answer.took_ms) })}
            {answer.truncated && t('; there are more, which are left out')}
          </span>
        </p>
        <CopyButton text={() => asText('\t')} />
        <Button variant="subtle" leftSection={<Download size={14} />} onClick={() => saveSheet('answer', asText(','))}>
          {t('Export CSV')}
        </Button>
      </div>
      <div ref={box} className={`${styles.rows} ${insightStyles.table}`} tabIndex={0} role="region" aria-label={t('Rows')}>
        <table className={tableStyles.table} data-dense aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {columns.map(({ name, type }, i) => (
                <th key={i} scope="col" title={type} className={NUMERIC.test(type) ? tableStyles.number : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <Gap height={before} columns={columns.length} />}
            {items.map(({ index }) => (
              <tr key={index} aria-rowindex={index + 2}>
                {columns.map(({ type }, i) => (
                  <td key={i} className={NUMERIC.test(type) ? tableStyles.number : insightStyles.text} title={shown(rows[index]![i])}>
                    {shown(rows[index]![i])}
                  </td>
                ))}
              </tr>
            ))}
            {after > 0 && <Gap height={after} columns={columns.length} />}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td style={{ blockSize: height, padding: 0, border: 0 }} colSpan={columns} />
    </tr>
  )
}

/** A cell as it came: what is asked in one's own words is not put into others. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return NONE
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
