/** The terms a trial is read in: each window it asks for, and whether people stay. */
import type { Metric, Trial } from './trials'

export const STAYING = 'staying'

export const isStaying = (metric: Metric): boolean => metric.after_seconds > 0

export function termsOf(trial: Trial): string[] {
  const metrics = trial.question.metrics.filter(({ is_guardrail }) => !is_guardrail)
  const windows = [...new Set(metrics.filter((metric) => !isStaying(metric)).map(({ within_seconds }) => within_seconds))].toSorted((one, other) => one - other)
  return [...windows.map(String), ...(metrics.some(isStaying) ? [STAYING] : [])]
}

/** The term that is looked at: the one asked for, where there is such; else the near one. */
export function termOf(trial: Trial, wanted: number | typeof STAYING | undefined): string {
  const terms = termsOf(trial)
  const named = wanted === undefined ? '' : String(wanted)
  return terms.includes(named) ? named : (terms[0] ?? STAYING)
}

export const inTerm = (metric: Metric, term: string): boolean =>
  !metric.is_guardrail && (term === STAYING ? isStaying(metric) : !isStaying(metric) && String(metric.within_seconds) === term)
