/** What the address says of how a trial is looked at. */
import { STAYING } from './terms'
import type { Reading } from './trials'

export interface TrialSearch {
  reading?: Reading | undefined
  /** The moment it is read as of. */
  as_of?: string | undefined
  /** Off: what people did before is left in the differences. */
  adjust?: boolean | undefined
  trait?: string | undefined
  /** Which windows: those of so many seconds, or whether people stay. */
  term?: number | typeof STAYING | undefined
  /** Of whom an effect is told: everybody assigned, or per person who got something. */
  of?: 'exposed' | undefined
  /** The metric shown over time. */
  metric?: string | undefined
}

const READINGS: readonly string[] = ['sequential', 'fixed', 'bayesian']
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

export function trialSearch(search: Record<string, unknown>): TrialSearch {
  const reading = text(search['reading'])
  const asOf = text(search['as_of'])
  return {
    reading: reading && READINGS.includes(reading) ? (reading as Reading) : undefined,
    as_of: asOf && !Number.isNaN(Date.parse(asOf)) ? asOf : undefined,
    adjust: search['adjust'] === false ? false : undefined,
    trait: text(search['trait']),
    term: search['term'] === STAYING ? STAYING : Number(search['term']) > 0 ? Number(search['term']) : undefined,
    of: search['of'] === 'exposed' ? 'exposed' : undefined,
    metric: text(search['metric']),
  }
}
