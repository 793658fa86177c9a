/** What is asked of trials, and the shapes of the answers. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, post, route } from '~/api/client'
import type { Shape } from '~/api/shape'

/** Whatever was found lies between `low` and `high`; or nothing can be said, and why. */
export type Found =
  | { status: 'estimated'; value: number; low: number; high: number; confidence: number; p_value: number | null }
  | { status: 'inconclusive'; reason: string }

export type Estimated = Extract<Found, { status: 'estimated' }>

export type Measure = 'did' | 'times' | 'revenue' | 'sum' | 'worth'

export interface Metric {
  name: string
  events: string[]
  measure: Measure
  after_seconds: number
  within_seconds: number
  cap: number | null
  is_guardrail: boolean
  /** Of a guardrail: of what there must not be too much, or too little. */
  worse: 'more' | 'less' | null
  is_money: boolean
  /** The property whose numbers are added up. */
  adds_up: string | null
  /** Divided by how often these were done; per person where there are none. */
  per: string[]
}

export interface Figure {
  people: number
  open_people: number
  total: number
  mean: number | null
}

export interface Variant {
  variant: string
  people: number
  exposed: number
  designed_share: number | null
  figures: Record<string, Figure>
}

export interface Comparison {
  variant: string
  base: string
  metric: string
  segment: string | null
  people: number
  look: number
  difference: Found
  ratio: Found
  in_all: Found
  exposed: Found
  adjusted: boolean
  variance_cut: number
  p_adjusted: number | null
  is_sure: boolean
  better: number | null
  loss: number | null
  guardrail: 'broken' | 'better' | 'unclear' | 'unknown' | null
}

export type Reading = 'sequential' | 'fixed' | 'bayesian'

export interface Trial {
  experiment: string
  kind: string
  question: { metrics: Metric[]; before_seconds: number; trait: string | null; weighted: boolean; since: string | null; natural_bracket: boolean }
  as_of: string
  code_version: string
  currency: string
  first_assigned: string | null
  last_assigned: string | null
  base: string | null
  variants: Variant[]
  apart_people: number
  mismatch: { p_value: number; is_one: boolean } | null
  reading: Reading
  confidence: number
  look: number | null
  looks: number | null
  planned_people: number | null
  /** The metric that decides. */
  primary: string
  comparisons: Comparison[]
  segments: Comparison[]
  words: string
}

export type Listed = Shape<'TrialListedShape'>
export type Course = Omit<Shape<'CourseShape'>, 'points'> & { points: CoursePoint[] }
export interface CoursePoint {
  at: string
  variants: { variant: string; people: number; exposed: number; mean: number | null }[]
  comparisons: { variant: string; base: string; people: number; is_sure: boolean; difference: Found; ratio: Found }[]
}

/** How a trial is to be read; what is left out is as the trial itself says. */
export interface How {
  reading?: Reading | undefined
  as_of?: string | undefined
  adjust?: boolean | undefined
  trait?: string | undefined
  /** Ids of saved segments: who was in each before they were assigned is told from the others. */
  segments?: string[] | undefined
  exposed_by?: Exposure | undefined
}

/** What counts as having got something. */
export type Exposure = 'sent' | 'delivered' | 'opened'

const asked = (how: How) => ({ reading: how.reading, as_of: how.as_of, adjust: how.adjust === false ? false : undefined, exposed_by: how.exposed_by })

export const trials = queryOptions({
  queryKey: ['trials'],
  queryFn: async ({ signal }) => (await get<Shape<'TrialList'>>('/api/trials', {}, signal)).trials,
  refetchInterval: 30_000,
})

export const trial = (id: string, how: How = {}) =>
  queryOptions({
    queryKey: ['trials', id, 'reading', asked(how), how.trait, how.segments],
    queryFn: ({ signal }) => get<Trial>(route`/api/trials/${id}`, { ...asked(how), trait: how.trait, segment: how.segments }, signal),
    placeholderData: keepPreviousData,
    // Reading counts everybody who takes part: not more often than somebody could act on it.
    staleTime: 60_000,
    retry: false,
  })

export const course = (id: string, metric: string, how: How = {}) =>
  queryOptions({
    queryKey: ['trials', id, 'course', metric, asked(how)],
    queryFn: ({ signal }) => get<Course>(route`/api/trials/${id}/course`, { reading: how.reading, as_of: how.as_of, adjust: how.adjust === false ? false : undefined, metric, moments: 12 }, signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
    retry: false,
  })

export interface HoldoutPeriod {
  period: string
  since: string
  until: string
  is_over: boolean
  /** Whether the held out really were left alone. */
  in_force: boolean
  /** The shares in force in it, in order. */
  shares: { since: string; share: number }[]
  /** Whether they were noted at the time; else they are taken for the first that was. */
  noted: boolean
  trial: Trial
}

/** What marketing as a whole brings; periods are oldest first, each a draw of its own. */
export interface Holdout {
  share: number
  rotates: 'quarter' | 'month' | 'never'
  currency: string
  as_of: string
  periods: HoldoutPeriod[]
  pooled: { metric: string; periods: number; difference: Found; ratio: Found }[]
  words: string
}

export const globalHoldout = queryOptions({
  queryKey: ['holdout'],
  // It counts what everybody did for many months: once for all who look.
  queryFn: ({ signal }) => get<Holdout>('/api/holdout', { max_age: 300 }, signal),
  staleTime: 300_000,
  retry: false,
})

export type Experiment = Shape<'ExperimentShape'>
export type ExperimentHeading = Shape<'ExperimentHeading'>

export const experiment = (id: string) =>
  queryOptions({
    queryKey: ['experiments', id],
    queryFn: ({ signal }) => get<Experiment>(route`/api/experiments/${id}`, {}, signal),
    retry: false,
  })

/** What somebody would be given, or null where they take no part; the history is told nothing of it. */
export const givenTo = (id: string, person: { user_id: string; known: boolean }) =>
  queryOptions({
    queryKey: ['experiments', id, 'given', person.user_id],
    queryFn: async ({ signal }) => {
      const who = person.known ? { user_id: person.user_id } : { anonymous_id: person.user_id }
      const { experiments } = await post<Shape<'DecidedList'>>('/api/experiments/decide', { ...who, experiments: [id], only_look: true }, signal)
      return experiments[id] ?? null
    },
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

export const experimentVersions = (id: string) =>
  queryOptions({
    queryKey: ['experiments', id, 'versions'],
    queryFn: async ({ signal }) => (await get<Shape<'ExperimentVersions'>>(route`/api/experiments/${id}/versions`, { limit: 20 }, signal)).versions,
  })

export type Paths = Shape<'AdaptiveShape'>
export type PathsListed = Shape<'AdaptiveListed'>
export type Path = Paths['paths'][number]
export type Weighing = Paths['log'][number]

export const pathSteps = queryOptions({
  queryKey: ['adaptive'],
  queryFn: async ({ signal }) => (await get<Shape<'AdaptiveList'>>('/api/adaptive', {}, signal)).steps,
  refetchInterval: 30_000,
})

export const pathStep = (id: string) =>
  queryOptions({
    queryKey: ['adaptive', id],
    queryFn: ({ signal }) => get<Paths>(route`/api/adaptive/${id}`, { log: 500 }, signal),
    refetchInterval: 30_000,
    retry: false,
  })

export interface PlanWish {
  base: number
  variants: number
  power: number
  people_a_day: number
  within_days: number
  lift?: number
  days?: number
}

export const plan = (wish: PlanWish) =>
  queryOptions({
    queryKey: ['trials', 'plan', wish],
    queryFn: ({ signal }) => post<Shape<'PlanShape'>>('/api/trials/plan', wish, signal),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
    retry: false,
  })

interface InsightTable {
  columns: { name: string }[]
  rows: (string | number | null)[][]
}

/** What history says of who would take part: how many came, and how many of them did it in time. */
export interface Past {
  came: number
  did: number
  days: number
}

const DAY_MS = 86_400_000
const LOOKED_BACK_DAYS = 28

export const past = (comes: string, goal: string, withinDays: number) =>
  queryOptions({
    queryKey: ['trials', 'past', comes, goal, withinDays],
    queryFn: async ({ signal }): Promise<Past> => {
      const end = Date.now() - withinDays * DAY_MS
      const day = (at: number) => new Date(at).toISOString().slice(0, 10)
      const table = await post<InsightTable>(
        '/api/insights/funnel',
        { steps: [comes, goal], within_days: withinDays, since: day(end - LOOKED_BACK_DAYS * DAY_MS), until: day(end) },
        signal,
      )
      const people = table.columns.findIndex(({ name }) => name === 'people')
      const [came, did] = table.rows.map((row) => Number(row[people] ?? 0))
      return { came: came ?? 0, did: did ?? 0, days: LOOKED_BACK_DAYS }
    },
    staleTime: 300_000,
    enabled: comes !== '' && goal !== '',
    retry: false,
  })

/** How often nothing was taken for something, where the past was divided by chance. */
export interface Check {
  people: number
  splits: number
  is_sound: boolean
  words: string
}
