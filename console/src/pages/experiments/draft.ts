/** What the form of an experiment holds, and the definition it means. */
import type { Json, Properties } from '~/api/types'

export interface DraftVariant {
  name: string
  /** In percent, as it is typed. */
  share: number | string
}

export interface Draft {
  id: string
  name: string
  hypothesis: string
  variants: DraftVariant[]
  goal: string
  nearDays: number | string
  longDays: number | string
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

export const FRESH: Draft = {
  id: '',
  name: '',
  hypothesis: '',
  variants: [
    { name: 'control', share: 50 },
    { name: 'variant', share: 50 },
  ],
  goal: 'Order Completed',
  nearDays: 7,
  longDays: 28,
  guardrails: ['Message Unsubscribed'],
  segment: '',
  layer: '',
  layerFrom: 0,
  layerTo: 100,
  planned: '',
  reading: 'sequential',
  primary: '',
}

interface Goal {
  event: string
  within_seconds: number
}

const fields = (value: Json | undefined): Properties => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {})
const text = (value: Json | undefined) => (typeof value === 'string' ? value : '')

/** A definition as the form shows it. */
export function draftOf(definition: Properties): Draft {
  const goals = (Array.isArray(definition['goals']) ? definition['goals'] : []) as unknown as Goal[]
  const [first, second] = goals
  const layer = fields(definition['layer'])
  const audience = fields(definition['audience'])
  return {
    ...FRESH,
    id: text(definition['id']),
    name: text(definition['name']),
    hypothesis: text(definition['hypothesis']),
    variants: Object.entries(fields(definition['variants'])).map(([name, share]) => ({ name, share: tidy(Number(share) * 100) })),
    goal: first?.event ?? FRESH.goal,
    nearDays: first ? tidy(first.within_seconds / DAY_SECONDS) : FRESH.nearDays,
    longDays: second && second.event === first?.event ? tidy(second.within_seconds / DAY_SECONDS) : '',
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
export function definitionOf(draft: Draft, state: string, before: Properties = {}): Properties {
  const goals = [draft.nearDays, draft.longDays]
    .map(Number)
    .filter((days, i, all) => days > 0 && all.indexOf(days) === i)
    .map((days) => ({ event: draft.goal.trim(), within_seconds: Math.round(days * DAY_SECONDS) }))
  const kept = (Array.isArray(before['goals']) ? before['goals'] : []) as unknown as Goal[]
  return {
    ...before,
    id: draft.id,
    name: draft.name.trim(),
    hypothesis: draft.hypothesis.trim(),
    variants: Object.fromEntries(draft.variants.map(({ name, share }) => [name.trim(), tidy(Number(share) / 100)])),
    // A goal's worth and the like are no part of the form: they stay with the goal they belong to.
    goals: [
      ...goals.map((goal) => ({ ...kept.find((each) => each.event === goal.event && each.within_seconds === goal.within_seconds), ...goal })),
      ...kept.filter((each) => each.event !== kept[0]?.event && each.event !== draft.goal.trim()),
    ] as unknown as Json,
    guardrails: draft.guardrails,
    audience: audienceOf(draft, before),
    layer: draft.layer.trim() ? { ...fields(before['layer']), id: draft.layer.trim(), from: tidy(Number(draft.layerFrom) / 100), to: tidy(Number(draft.layerTo) / 100) } : null,
    planned_people: Number(draft.planned) > 0 ? Math.round(Number(draft.planned)) : null,
    reading: draft.reading,
    primary: draft.primary,
    state,
  }
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
