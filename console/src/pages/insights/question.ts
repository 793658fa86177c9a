/**
 * A question, as a plain object that can be kept: in the address, on a board, in a message.
 *
 * Its fields are those of the API's own question of that kind, so that what is kept can be asked from anywhere. Three
 * are the console's: `kind`; `when`, which moves on with the calendar where it says "the last 30 days"; and how it is
 * drawn (`beside`, `chart`, `column`).
 */
import type { Json } from '~/api/types'

export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'

export interface Comparison {
  property: string
  operator: string
  value?: string | number | boolean | (string | number | boolean)[]
}

/** Something people do: one of these events, of which all of `where` holds. */
export interface Act {
  events: string[]
  where?: Comparison[]
}

/** A property of the event, or a trait of the person. */
export type Breakdown = string | { trait: string }
/** Down the side or across the top of a pivot. */
export interface Axis {
  property?: string
  trait?: string
  period?: Period
  top?: number
}

/** The last so many days, today with them; or from one date to another, itself left out. */
export type When = { last_days: number } | { since: string; until?: string }

interface About {
  when?: When
  /** The id of a saved segment: only its people. */
  segment?: string
}

export type Measure = 'count' | 'people' | 'sum' | 'average' | 'min' | 'max' | 'percentile'
export interface Measured {
  event: Act
  measure?: Measure
  property?: string
  percentile?: number
}

export interface TrendQuestion extends About, Measured {
  kind: 'trend'
  period?: Period
  formula?: 'a / b' | 'a - b' | 'a + b' | 'a * b'
  b?: Measured
  cumulative?: boolean
  breakdown?: Breakdown
  top?: number
  /** Draw the period before beside it. */
  beside?: boolean
  chart?: 'lines' | 'bars' | 'calendar'
}
export interface FunnelQuestion extends About {
  kind: 'funnel'
  steps: Act[]
  within_days?: number
  order?: 'loose' | 'strict'
  holding?: string
  breakdown?: Breakdown
  top?: number
  show?: 'steps' | 'times'
}
export interface RetentionQuestion extends About {
  kind: 'retention'
  first: Act
  again?: Act
  period?: 'day' | 'week' | 'month'
  rule?: 'n_day' | 'bracket' | 'unbounded'
  periods?: number
  value?: 'revenue'
  breakdown?: Breakdown
  top?: number
}
export interface FlowQuestion extends About {
  kind: 'flow'
  event: Act
  direction?: 'after' | 'before' | 'both'
  steps?: number
  start?: 'first' | 'each'
  by?: string
  leave_out?: string[]
  within_days?: number
  top?: number
}
export interface LifecycleQuestion extends About {
  kind: 'lifecycle'
  event: Act
  period?: 'day' | 'week' | 'month' | 'quarter' | 'year'
  show?: 'sizes' | 'moves'
}
export interface StickinessQuestion extends About {
  kind: 'stickiness'
  event: Act
  show?: 'rolling' | 'power_users'
  column?: 'share' | 'people'
}
export interface StickyQuestion extends About {
  kind: 'sticky'
  start?: Act
  stay?: Act
  early_days?: number
  to_day?: number
}
export interface IntervalQuestion extends About {
  kind: 'interval'
  event: Act
  gap?: 'nth' | 'every' | 'median'
  share?: number
  within_days?: number
}
export interface RevenueQuestion extends About {
  kind: 'revenue'
  event: Act
  view?: 'periods' | 'cohorts' | 'sources' | 'total'
  period?: 'day' | 'week' | 'month' | 'quarter' | 'year'
  first?: Act
  source?: string
  source_trait?: string
  column?: string
}
export interface PivotQuestion extends About {
  kind: 'pivot'
  event: Act
  rows: Axis
  columns?: Axis
  measure?: 'count' | 'people' | 'sum' | 'average' | 'min' | 'max' | 'median'
  property?: string
}
export interface RfmQuestion extends About {
  kind: 'rfm'
  event: Act
  value?: string
  frequency?: 'times' | 'days'
  bins?: number
  view?: 'grid' | 'moves'
}

export type Question =
  | TrendQuestion
  | FunnelQuestion
  | RetentionQuestion
  | FlowQuestion
  | LifecycleQuestion
  | StickinessQuestion
  | StickyQuestion
  | IntervalQuestion
  | RevenueQuestion
  | PivotQuestion
  | RfmQuestion
export type Kind = Question['kind']
export type QuestionOf<K extends Kind> = Extract<Question, { kind: K }>

type Check = (value: unknown) => boolean

const TEXT_MOST = 500
const record = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const text: Check = (value) => typeof value === 'string' && value !== '' && value.length <= TEXT_MOST
const truth: Check = (value) => typeof value === 'boolean'
const number = (least: number, most: number): Check => (value) => typeof value === 'number' && value >= least && value <= most
const whole = (least: number, most: number): Check => (value) => Number.isInteger(value) && number(least, most)(value)
const one = (...of: string[]): Check => (value) => typeof value === 'string' && of.includes(value)
const list = (each: Check, least: number, most: number): Check => (value) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(each)
const only = (value: Record<string, unknown>, fields: Record<string, Check>) =>
  Object.entries(value).every(([name, inner]) => Object.hasOwn(fields, name) && fields[name]!(inner))

const scalar: Check = (value) => ['string', 'number', 'boolean'].includes(typeof value)
/** A comparison may still be without a name: it is being written. */
const comparison: Check = (value) =>
  record(value) && only(value, { property: (name) => name === '' || text(name), operator: text, value: (inner) => scalar(inner) || list(scalar, 0, 1000)(inner) })
/** An act may still have no event: it is being written. */
const act: Check = (value) => record(value) && Array.isArray(value['events']) && only(value, { events: list(text, 0, 50), where: list(comparison, 0, 50) })
const breakdown: Check = (value) => text(value) || (record(value) && only(value, { trait: text }) && text(value['trait']))
const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const
const axis: Check = (value) => record(value) && only(value, { property: text, trait: text, period: one(...PERIODS), top: whole(1, 100) })
const date: Check = (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
const when: Check = (value) =>
  record(value) && ('last_days' in value ? only(value, { last_days: whole(1, 3653) }) : date(value['since']) && only(value, { since: date, until: date }))

const MEASURES = ['count', 'people', 'sum', 'average', 'min', 'max', 'percentile'] as const
const measured = { event: act, measure: one(...MEASURES), property: text, percentile: number(0, 100) }
const top = whole(1, 100)
const days = number(0.001, 3653)

const steps: Check = list(act, 0, 20)

/** The API takes the name of an event, or a list of names, for an act, and the name of a property for an axis. */
function spelledOut(check: Check, value: unknown): unknown {
  if (check === act) return typeof value === 'string' ? { events: [value] } : Array.isArray(value) ? { events: value } : value
  if (check === steps) return Array.isArray(value) ? value.map((each) => spelledOut(act, each)) : value
  return check === axis && typeof value === 'string' ? { property: value } : value
}

const FIELDS: { [K in Kind]: Record<Exclude<keyof QuestionOf<K>, keyof About | 'kind'>, Check> } = {
  trend: {
    ...measured,
    period: one('minute', 'hour', ...PERIODS),
    formula: one('a / b', 'a - b', 'a + b', 'a * b'),
    b: (value) => record(value) && act(value['event']) && only(value, measured),
    cumulative: truth,
    breakdown,
    top,
    beside: truth,
    chart: one('lines', 'bars', 'calendar'),
  },
  funnel: { steps, within_days: days, order: one('loose', 'strict'), holding: text, breakdown, top, show: one('steps', 'times') },
  retention: {
    first: act,
    again: act,
    period: one('day', 'week', 'month'),
    rule: one('n_day', 'bracket', 'unbounded'),
    periods: whole(1, 400),
    value: one('revenue'),
    breakdown,
    top,
  },
  flow: {
    event: act,
    direction: one('after', 'before', 'both'),
    steps: whole(1, 10),
    start: one('first', 'each'),
    by: text,
    leave_out: list(text, 0, 50),
    within_days: number(0.001, 366),
    top: whole(1, 50),
  },
  lifecycle: { event: act, period: one(...PERIODS), show: one('sizes', 'moves') },
  stickiness: { event: act, show: one('rolling', 'power_users'), column: one('share', 'people') },
  sticky: { start: act, stay: act, early_days: whole(1, 60), to_day: whole(2, 3653) },
  interval: { event: act, gap: one('nth', 'every', 'median'), share: number(0.01, 0.99), within_days: whole(1, 731) },
  revenue: { event: act, view: one('periods', 'cohorts', 'sources', 'total'), period: one(...PERIODS), first: act, source: text, source_trait: text, column: text },
  pivot: { event: act, rows: axis, columns: axis, measure: one('count', 'people', 'sum', 'average', 'min', 'max', 'median'), property: text },
  rfm: { event: act, value: text, frequency: one('times', 'days'), bins: whole(2, 10), view: one('grid', 'moves') },
}
export const KINDS = Object.keys(FIELDS) as Kind[]
export const isKind = (name: unknown): name is Kind => typeof name === 'string' && Object.hasOwn(FIELDS, name)

/** What cannot be left out, and stands for itself while it is not said. */
const EMPTY: Partial<Record<Kind, Record<string, unknown>>> = {
  funnel: { steps: [] },
  retention: { first: { events: [] } },
  sticky: {},
  pivot: { event: { events: [] }, rows: { period: 'month' } },
}
const ACTLESS = { event: { events: [] } }

/**
 * The question that something kept or typed into the address means, also as the API takes it. Fields that make no sense
 * are left out, so that an old or a broken address still opens; null when it is no object at all.
 */
export function decodeQuestion(kind: Kind, kept: unknown): Question | null {
  if (!record(kept)) return null
  const checks: Record<string, Check> = { ...FIELDS[kind], when, segment: text }
  const said = Object.entries(kept).flatMap(([name, value]): [string, unknown][] => (Object.hasOwn(checks, name) ? [[name, spelledOut(checks[name]!, value)]] : []))
  const good = said.filter(([name, value]) => checks[name]!(value))
  return { ...(EMPTY[kind] ?? ACTLESS), ...Object.fromEntries(good), kind } as Question
}

/** The question without what says nothing, and without its kind: what the address keeps. */
export function encodeQuestion(question: Question): Record<string, Json> {
  const { kind: _kind, ...rest } = question
  return JSON.parse(JSON.stringify(rest)) as Record<string, Json>
}

/** Whether a comparison says enough to be asked. */
export function compares({ property, operator, value }: Comparison): boolean {
  if (property === '') return false
  return operator === 'is_set' || operator === 'is_not_set' || (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '')
}

const said = (act: Act | undefined) => (act?.events.length ?? 0) > 0

/** Whether it says enough to be asked. */
export function finished(question: Question): boolean {
  switch (question.kind) {
    case 'funnel':
      return question.steps.length >= 2 && question.steps.every(said)
    case 'retention':
      return said(question.first)
    case 'sticky':
      return true
    case 'trend':
      return said(question.event) && measurable(question) && (question.formula === undefined || (said(question.b?.event) && measurable(question.b!)))
    case 'pivot':
      return said(question.event) && measurable(question) && Object.keys(question.rows).some((name) => name !== 'top')
    case 'revenue':
      return said(question.event) && (question.view !== 'sources' || Boolean(question.source ?? question.source_trait))
    default:
      return said(question.event)
  }
}

/** A sum, an average and their like are of a property. */
const measurable = ({ measure = 'count', property }: { measure?: string; property?: string }) =>
  measure === 'count' || measure === 'people' || Boolean(property)

/** The events a question is about, to say which of them nobody ever did. */
export function eventsOf(question: Question): string[] {
  const acts: (Act | undefined)[] = (() => {
    switch (question.kind) {
      case 'funnel':
        return question.steps
      case 'retention':
        return [question.first, question.again]
      case 'sticky':
        return [question.start, question.stay]
      case 'trend':
        return [question.event, question.formula && question.b?.event]
      case 'revenue':
        return [question.event, question.first]
      default:
        return [question.event]
    }
  })()
  return [...new Set(acts.flatMap((act) => act?.events ?? []))]
}
