/** What the form of an experiment holds, and the definition it means. */
import type { Json, Properties } from '~/api/types'

export interface DraftVariant {
  name: string
  /** In percent, as it is typed. */
  share: number | string
}

export interface DraftGoal {
  event: string
  days: number | string
  /** What one is worth: nothing, an amount of money, or what a property of it says. */
  worth: 'nothing' | 'amount' | 'property'
  property: string
  /** In whole units of the workspace's currency; of a property, what one is worth that lacks it. */
  amount: number | string
  /** As it was, where it was there already. */
  before?: Properties
}

export interface DraftMetric {
  name: string
  event: string
  measure: string
  /** Of a sum. */
  property: string
  /** Divided by how often this was done; empty for not at all. */
  per: string
  /** Empty for the near term. */
  days: number | string
  /** Which way it must not go, which makes it a guardrail; empty for none. */
  worse: string
}

export interface Draft {
  id: string
  name: string
  hypothesis: string
  variants: DraftVariant[]
  /** The first is what it is for; the time of the first is the near term, a longer one of the same event the long term. */
  goals: DraftGoal[]
  metrics: DraftMetric[]
  guardrails: string[]
  /** The id of a saved segment; empty for everybody. */
  segment: string
  layer: string
  layerFrom: number | string
  layerTo: number | string
  planned: number | string
  reading: string
  /** What decides it; empty for the first goal. */
  primary: string
}

const DAY_SECONDS = 86_400
const MINOR_PER_MAJOR = 100

export const aGoal = (event = '', days: number | string = 7): DraftGoal => ({ event, days, worth: 'nothing', property: '', amount: '' })
export const aMetric = (): DraftMetric => ({ name: '', event: '', measure: 'did', property: '', per: '', days: '', worse: '' })

export const FRESH: Draft = {
  id: '',
  name: '',
  hypothesis: '',
  variants: [
    { name: 'control', share: 50 },
    { name: 'variant', share: 50 },
  ],
  goals: [aGoal('Order Completed', 7), aGoal('Order Completed', 28)],
  metrics: [],
  guardrails: ['Message Unsubscribed'],
  segment: '',
  layer: '',
  layerFrom: 0,
  layerTo: 100,
  planned: '',
  reading: 'sequential',
  primary: '',
}

const fields = (value: Json | undefined): Properties => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {})
const text = (value: Json | undefined) => (typeof value === 'string' ? value : '')

const all = (value: Json | undefined) => (Array.isArray(value) ? value : []).map(fields)
const days = (seconds: Json | undefined) => (typeof seconds === 'number' ? tidy(seconds / DAY_SECONDS) : '')

/** A definition as the form shows it.
 *  @param perMajor how many minor units make one of the workspace's currency
 */
export function draftOf(definition: Properties, perMajor = MINOR_PER_MAJOR): Draft {
  const layer = fields(definition['layer'])
  const audience = fields(definition['audience'])
  return {
    ...FRESH,
    id: text(definition['id']),
    name: text(definition['name']),
    hypothesis: text(definition['hypothesis']),
    variants: Object.entries(fields(definition['variants'])).map(([name, share]) => ({ name, share: tidy(Number(share) * 100) })),
    goals: all(definition['goals']).map((goal) => ({
      event: text(goal['event']),
      days: days(goal['within_seconds']),
      worth: typeof goal['value'] === 'string' ? 'property' : typeof goal['worth_minor'] === 'number' ? 'amount' : 'nothing',
      property: text(goal['value']),
      amount: typeof goal['worth_minor'] === 'number' ? tidy(goal['worth_minor'] / perMajor) : '',
      before: goal,
    })),
    metrics: all(definition['metrics']).map((metric) => ({
      name: text(metric['name']),
      event: text(metric['event']),
      measure: text(metric['measure']) || 'did',
      property: text(metric['property']),
      per: text(metric['per']),
      days: days(metric['within_seconds']),
      worse: text(metric['worse']),
    })),
    guardrails: (Array.isArray(definition['guardrails']) ? definition['guardrails'] : []).filter((each): each is string => typeof each === 'string'),
    segment: audience['type'] === 'in_segment' ? text(audience['segment']) : '',
    layer: text(layer['id']),
    layerFrom: tidy(Number(layer['from'] ?? 0) * 100),
    layerTo: tidy(Number(layer['to'] ?? 1) * 100),
    planned: typeof definition['planned_people'] === 'number' ? definition['planned_people'] : '',
    reading: text(definition['reading']) || 'sequential',
    primary: text(definition['primary']),
  }
}

const tidy = (value: number) => Math.round(value * 1e6) / 1e6

/** The definition the form means; whatever the form does not show stays as it was. */
export function definitionOf(draft: Draft, state: string, before: Properties = {}, perMajor = MINOR_PER_MAJOR): Properties {
  return {
    ...before,
    id: draft.id,
    name: draft.name.trim(),
    hypothesis: draft.hypothesis.trim(),
    variants: Object.fromEntries(draft.variants.map(({ name, share }) => [name.trim(), tidy(Number(share) / 100)])),
    goals: draft.goals.map((goal) => goalOf(goal, perMajor)),
    ...(draft.metrics.length > 0 || before['metrics'] !== undefined ? { metrics: draft.metrics.map(metricOf) } : {}),
    guardrails: draft.guardrails,
    audience: audienceOf(draft, before),
    layer: draft.layer.trim() ? { ...fields(before['layer']), id: draft.layer.trim(), from: tidy(Number(draft.layerFrom) / 100), to: tidy(Number(draft.layerTo) / 100) } : null,
    planned_people: Number(draft.planned) > 0 ? Math.round(Number(draft.planned)) : null,
    reading: draft.reading,
    primary: draft.primary,
    state,
  }
}

const seconds = (typed: number | string) => Math.round(Number(typed) * DAY_SECONDS)

function goalOf({ event, days: within, worth, property, amount, before = {} }: DraftGoal, perMajor: number): Properties {
  const said: Properties = {
    value: worth === 'property' ? property.trim() || null : null,
    worth_minor: worth !== 'nothing' && amount !== '' ? Math.round(Number(amount) * perMajor) : null,
  }
  const told = Object.entries(said).filter(([name, value]) => value !== null || before[name] !== undefined)
  return { ...before, event: event.trim(), within_seconds: seconds(within), ...Object.fromEntries(told) }
}

const metricOf = ({ name, event, measure, property, per, days: within, worse }: DraftMetric): Properties => ({
  name: name.trim(),
  event: event.trim(),
  measure,
  property: measure === 'sum' ? property.trim() || null : null,
  per: measure === 'did' ? null : per.trim() || null,
  within_seconds: Number(within) > 0 ? seconds(within) : null,
  worse: worse || null,
})

/** What an experiment may be decided by besides what every one may: the values that `primary` can have. */
export function decidingOf({ goals, metrics }: Draft): { events: string[]; metrics: string[]; worth: boolean } {
  return {
    events: [...new Set(goals.map(({ event }) => event.trim()).filter(Boolean))].slice(1),
    metrics: metrics.map(({ name }) => name.trim()).filter(Boolean),
    worth: goals.some(({ worth, property, amount }) => (worth === 'amount' && amount !== '') || (worth === 'property' && property.trim() !== '')),
  }
}

/** Whether goals and metrics say all they have to. */
export function isWhole({ goals, metrics }: Draft): boolean {
  const names = metrics.map(({ name }) => name.trim())
  return (
    goals.length > 0 &&
    goals.every(({ event, days: within, worth, property, amount }) => event.trim() !== '' && Number(within) > 0 && (worth !== 'amount' || amount !== '') && (worth !== 'property' || property.trim() !== '')) &&
    metrics.every(({ name, event, measure, property }) => name.trim() !== '' && event.trim() !== '' && (measure !== 'sum' || property.trim() !== '')) &&
    new Set(names).size === names.length
  )
}

/** An audience of another kind was written by hand: it stays, unless a segment is chosen. */
function audienceOf(draft: Draft, before: Properties): Json {
  if (draft.segment) return { type: 'in_segment', segment: draft.segment }
  const had = fields(before['audience'])
  return had['type'] !== undefined && had['type'] !== 'in_segment' ? had : null
}

export const wholeShare = (draft: Draft): number => tidy(draft.variants.reduce((sum, { share }) => sum + Number(share), 0))

/** Divide evenly; what is left of the division goes to the first. */
export function evenly(variants: DraftVariant[]): DraftVariant[] {
  const each = Math.floor(10_000 / variants.length) / 100
  return variants.map((variant, i) => ({ ...variant, share: i === 0 ? tidy(100 - each * (variants.length - 1)) : each }))
}
