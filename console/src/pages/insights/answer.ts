/** An answer as rows with names, and how its cells are written. */
import type { Shape } from '~/api/shape'
import { sheetText } from '~/parts/charts/files'
import { counted, language, LOCALE, t } from '~/words/language'
import { money } from '~/words/money'
import { duration } from '~/words/moments'
import { compact, NONE, percent } from '~/words/numbers'
import { columnLabel } from './columnLabels'
import type { Period } from './question'

export type Answer = Shape<'InsightShape'>
export type Column = Shape<'ColumnShape'>
export type Cell = string | number | boolean | null
export type Row = Record<string, Cell>

/** The word for a name; the name itself where there is none. Names come from the address and from the data, too. */
export const wordFor = (words: Record<string, string>, name: string): string => (Object.hasOwn(words, name) ? words[name]! : name)

/** What names a cell of a table, to ask for the people behind it. */
export type CellKey = Record<string, string | number | boolean | null>

export const rowsOf = (answer: Answer): Row[] =>
  answer.rows.map((row) => Object.fromEntries(answer.columns.map(({ name }, i) => [name, (row[i] ?? null) as Cell])))

const number = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 })
const small = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 })
const realMinus = (text: string) => text.replace('-', '−')

export const asNumber = (value: number) => realMinus((value !== 0 && Math.abs(value) < 0.1 ? small : number).format(value))
export const asShort = (value: number) => Math.abs(value) < 1000 ? realMinus(number.format(value)) : compact(value)

/** Seconds in at most two units; what is quicker than a second says so. */
export const asTime = (seconds: number) => (seconds > 0 && seconds < 1 ? t('under 1 s') : duration(seconds))

const formats = new Map<string, Intl.DateTimeFormat>()
function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`
  let made = formats.get(key)
  if (!made) {
    // A zone this browser has never heard of is no reason to show nothing.
    try {
      made = new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : LOCALE, { ...options, timeZone: zone })
    } catch {
      made = new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : LOCALE, { ...options, timeZone: 'UTC' })
    }
    formats.set(key, made)
  }
  return made
}

/** The start of a period, as an axis or a heading of a row has it. */
export function periodWords(start: string, period: Period, zone: string, long = false): string {
  const moment = new Date(start)
  if (Number.isNaN(moment.getTime())) return start
  switch (period) {
    case 'minute':
    case 'hour':
      return format(zone, { hour: '2-digit', minute: '2-digit', ...(long ? { day: 'numeric', month: 'short' } : {}) }).format(moment)
    case 'month':
      return format(zone, long ? { month: 'long', year: 'numeric' } : { month: 'short', year: '2-digit' }).format(moment)
    case 'quarter': {
      const [year, month] = format(zone, { year: 'numeric', month: 'numeric' }).formatToParts(moment).reduce<[string, number]>(
        ([years, months], { type, value }) => (type === 'year' ? [value, months] : type === 'month' ? [years, Number(value)] : [years, months]),
        ['', 1],
      )
      return t('Q{{quarter}} {{year}}', { quarter: String(Math.ceil(month / 3)), year })
    }
    case 'year':
      return format(zone, { year: 'numeric' }).format(moment)
    default: {
      const day = format(zone, { day: 'numeric', month: 'short', ...(long ? { weekday: 'short', year: 'numeric' } : {}) }).format(moment)
      return period === 'week' && long ? t('Week of {{day}}', { day }) : day
    }
  }
}

/** A cell as people read it. */
export function written(value: Cell | undefined, column: Column, answer: Pick<Answer, 'currency' | 'time_zone'>): string {
  if (value === null || value === undefined) return NONE
  switch (column.type) {
    case 'share':
      return percent(Number(value))
    case 'money':
      return money(Number(value), answer.currency)
    case 'truth':
      return value ? t('Yes') : t('No')
    case 'moment':
      return format(answer.time_zone, { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(String(value)))
    case 'whole':
      return asNumber(Number(value))
    case 'number':
      return column.name.endsWith('_seconds') ? asTime(Number(value)) : asNumber(Number(value))
    default:
      return String(value)
  }
}

export type PartOf = 'value' | 'other' | 'none' | 'total' | 'end'

/** The value that a line is about: its own words where it has none. */
export function partWords(label: Cell | undefined, part: Cell | undefined): string {
  switch (part) {
    case 'other':
      return t('Other')
    case 'none':
      return t('No value')
    case 'total':
      return t('Total')
    case 'end':
      return t('The end')
    default:
      return label === null || label === undefined || label === '' ? t('(empty)') : String(label)
  }
}

/** The people behind a number, of which the label is already known. */
export const peopleWords = (people: number) => counted(people, '{{count}} person', '{{count}} people')

/** The whole answer as text, for a spreadsheet. */
export const asSheet = (answer: Answer, separator: string) => sheetText([answer.columns.map(({ name }) => columnLabel(name)), ...answer.rows], separator)
