/** What the address says of how a trial is looked at. */
import { STAYING } from './terms'
import type { Exposure, Reading } from './trials'

export interface TrialSearch {
  reading?: Reading | undefined
  /** The moment it is read as of. */
  as_of?: string | undefined
  /** Off: what people did before is left in the differences. */
  adjust?: boolean | undefined
  trait?: string | undefined
  /** Which windows: those of so many seconds, or whether people stay. */
  term?: number | typeof STAYING | undefined
  segments?: string[] | undefined
  /** Of whom an effect is told: everybody assigned without it, else per person who got something, or opened it. */
  of?: Exposure | undefined
  /** The metric shown over time. */
  metric?: string | undefined
}

const READINGS: readonly string[] = ['sequential', 'fixed', 'bayesian']
const EXPOSURES: readonly Exposure[] = ['sent', 'delivered', 'opened']
const SEGMENTS_MOST = 10
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

function listed(value: unknown): string[] | undefined {
  const found = Array.isArray(value) ? value.map(String).filter(Boolean).slice(0, SEGMENTS_MOST) : []
  return found.length > 0 ? found : undefined
}

export function trialSearch(search: Record<string, unknown>): TrialSearch {
  const reading = text(search['reading'])
  const asOf = text(search['as_of'])
  return {
    reading: reading && READINGS.includes(reading) ? (reading as Reading) : undefined,
    as_of: asOf && !Number.isNaN(Date.parse(asOf)) ? asOf : undefined,
    adjust: search['adjust'] === false ? false : undefined,
    trait: text(search['trait']),
    term: search['term'] === STAYING ? STAYING : Number(search['term']) > 0 ? Number(search['term']) : undefined,
    segments: listed(search['segments']),
    of: EXPOSURES.find((each) => each === search['of']),
    metric: text(search['metric']),
  }
}
