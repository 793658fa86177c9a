import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { SavedInsight } from '~/api/boards'
import { post } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { SavedLink } from '~/pages/insights/saved/SavedLink'
import { decodeSql, paramsOf, valueOf } from '~/pages/insights/sql/asked'
import { saveSheet, sheetText } from '~/parts/charts/files'
import { Answered, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { NONE } from '~/words/numbers'
import type { Exports } from './BoardCard'
import styles from './Boards.module.css'

type Rows = Shape<'SqlRows'>
const ROWS_SHOWN = 50
const ROWS_MOST = 10_000
const NUMERIC = /^(u?int|float|double|decimal)/

/** The rows of a saved query. */
export function SqlBody({ saved, tools }: { saved: SavedInsight; tools: (exports: Exports) => ReactNode }) {
  const may = useMay()('sql')
  const asked = decodeSql(saved.question)
  const given = asked ? Object.fromEntries(paramsOf(asked.query).map((param) => [param.name, valueOf(param, asked.params?.[param.name] ?? '')])) : {}
  const query = useQuery({
    queryKey: ['sql-card', saved.question],
    queryFn: ({ signal }) => post<Rows>('/api/sql', { query: asked?.query ?? '', params: given, limit: ROWS_MOST }, signal),
    enabled: may && asked !== null,
    staleTime: 30_000,
    retry: false,
  })
  const found = query.data
  const exports: Exports = found ? { csv: () => saveSheet(saved.id, sheetText([found.columns.map(({ name }) => name), ...found.rows], ',')) } : {}
  return (
    <>
      {tools(exports)}
      <h2 className={styles.heading}>
        <SavedLink insight={saved} className={styles.title}>
          {saved.name}
        </SavedLink>
      </h2>
      {may ? (
        <Answered query={query} what={t('The query was not answered')} waiting={<Waiting rows={4} height={34} />}>
          {(answer) => <Table name={saved.name} answer={answer} />}
        </Answered>
      ) : (
        <p className={styles.gone}>{t('SQL shows everything about everybody. An owner or admin can grant it in Settings → Accounts.')}</p>
      )}
    </>
  )
}

function Table({ name, answer: { columns, rows } }: { name: string; answer: Rows }) {
  const rest = rows.length - ROWS_SHOWN
  return (
    <>
      <div className={`${tableStyles.block} ${styles.rows}`} tabIndex={0} role="region" aria-label={name}>
        <table className={tableStyles.table} data-dense>
          <thead>
            <tr>
              {columns.map(({ name: column, type }, i) => (
                <th key={i} scope="col" className={NUMERIC.test(type) ? tableStyles.number : undefined}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS_SHOWN).map((row, at) => (
              <tr key={at}>
                {columns.map(({ type }, i) => (
                  <td key={i} className={NUMERIC.test(type) ? tableStyles.number : styles.cell}>
                    {shown(row[i])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rest > 0 && <p className="quiet">{counted(rest, '{{count}} more row is in the CSV.', '{{count}} more rows are in the CSV.')}</p>}
    </>
  )
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return NONE
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
