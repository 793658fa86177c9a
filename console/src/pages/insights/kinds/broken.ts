/** The lines that a breakdown makes: the values first, then all others, then what has none. */
import { type Role, SERIES } from '~/parts/charts/roles'
import { type Cell, type CellKey, partWords, type Row } from '../answer'

export interface Line {
  label: Cell
  part: Cell
  name: string
  role: Role
  rows: Row[]
}

/** In the order they come; what is one of all others or has no value is mute. */
export function linesOf(rows: Row[]): Line[] {
  const found = new Map<string, Line>()
  let coloured = 0
  for (const row of rows) {
    const [label, part] = [row['breakdown'] ?? null, row['part'] ?? 'value']
    const key = JSON.stringify([label, part])
    let line = found.get(key)
    if (!line) {
      const role = part === 'value' ? (SERIES[coloured++] ?? 'c-mute') : 'c-mute'
      line = { label, part, name: partWords(label, part), role, rows: [] }
      found.set(key, line)
    }
    line.rows.push(row)
  }
  return [...found.values()]
}

/** What names a line of a table to the API: of one that stands for no value, only which it is. */
export const lineKey = (row: Row): CellKey => {
  if (row['part'] === undefined || row['part'] === null) return {}
  return row['part'] === 'value' ? { breakdown: String(row['breakdown']), part: 'value' } : { part: String(row['part']) }
}
