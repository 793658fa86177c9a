/** A question as the API takes it: the dates reckoned, what is only about drawing left out. */
import type { Json } from '~/api/types'
import { type Act, compares, encodeQuestion, type Period, type Question, type When } from './question'

const DAY_MS = 86_400_000
/** What is about drawing, or is said otherwise. */
const NOT_ASKED = ['when', 'segment', 'beside', 'chart', 'column', 'rule']
const PERIODIC: Partial<Record<Question['kind'], Period>> = { trend: 'day', lifecycle: 'week', revenue: 'month', retention: 'week' }

/** The date it is in a time zone, as 2026-11-22. */
export function dateIn(zone: string, now: Date): string {
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now)
  } catch {
    return now.toISOString().slice(0, 10)
  }
}

const at = (date: string) => new Date(`${date}T00:00:00Z`)
const dateOf = (moment: Date) => moment.toISOString().slice(0, 10)

/** So many days on, or back. */
export const dayOn = (date: string, days: number) => dateOf(new Date(at(date).getTime() + days * DAY_MS))

/** The first day of the period a date lies in; weeks begin on Monday. */
export function startOf(period: Period, date: string): string {
  const moment = at(date)
  const [year, month] = [moment.getUTCFullYear(), moment.getUTCMonth()]
  switch (period) {
    case 'week':
      return dayOn(date, -((moment.getUTCDay() + 6) % 7))
    case 'month':
      return dateOf(new Date(Date.UTC(year, month, 1)))
    case 'quarter':
      return dateOf(new Date(Date.UTC(year, month - (month % 3), 1)))
    case 'year':
      return dateOf(new Date(Date.UTC(year, 0, 1)))
    default:
      return date
  }
}

/** So many periods before a date that begins one. */
export function periodsBefore(period: Period, date: string, many: number): string {
  const moment = at(date)
  const [year, month] = [moment.getUTCFullYear(), moment.getUTCMonth()]
  switch (period) {
    case 'week':
      return dayOn(date, -7 * many)
    case 'month':
      return dateOf(new Date(Date.UTC(year, month - many, 1)))
    case 'quarter':
      return dateOf(new Date(Date.UTC(year, month - 3 * many, 1)))
    case 'year':
      return dateOf(new Date(Date.UTC(year - many, 0, 1)))
    default:
      return dayOn(date, -many)
  }
}

export const periodOf = (question: Question): Period | undefined =>
  PERIODIC[question.kind] && (('period' in question && question.period) || PERIODIC[question.kind])

/** From which date to which; the last so many days begin with a whole period. */
export function stretchOf(question: Question, today: string): { since?: string; until?: string } {
  const said: When | undefined = question.when
  if (said === undefined) return {}
  if (!('last_days' in said)) return said
  return { since: startOf(periodOf(question) ?? 'day', dayOn(today, 1 - said.last_days)) }
}

const isAct = (value: unknown): value is Act => typeof value === 'object' && value !== null && 'events' in value
const silent = (value: Json) => isAct(value) && value.events.length === 0

/** The same without comparisons that are still being written. */
function asked(value: Json): Json {
  if (Array.isArray(value)) return value.map(asked)
  if (typeof value !== 'object' || value === null) return value
  if (isAct(value)) {
    const where = (value.where ?? []).filter(compares)
    return { events: value.events, ...(where.length > 0 ? { where: where as unknown as Json } : {}) }
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asked(inner)]))
}

/** The body of `POST /api/insights/{kind}`. */
export function bodyOf(question: Question, today: string): Record<string, Json> {
  const fields = Object.entries(encodeQuestion(question)).filter(([name, value]) => !NOT_ASKED.includes(name) && !silent(value))
  const body: Record<string, Json> = { ...Object.fromEntries(fields.map(([name, value]) => [name, asked(value)])), ...stretchOf(question, today) }
  if (question.segment !== undefined) body['segment'] = { type: 'in_segment', segment: question.segment }
  // "Kind" is the console's word for which question it is; of retention it is the API's for what it means to be there.
  if (question.kind === 'retention' && question.rule) body['kind'] = question.rule
  if (question.kind === 'trend' && question.formula === undefined) delete body['b']
  return body
}
