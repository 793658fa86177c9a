/** Which periods of an answer are not over, and how they are drawn. */
import { t } from '~/words/language'
import type { Row } from '../answer'
import { dateIn } from '../body'
import type { When } from '../question'

export const openWords = () => t('Not over yet')

/** The rows' periods, each once, in order. */
export const startsOf = (rows: Row[]): string[] => [...new Set(rows.map(({ start }) => String(start)))]

/**
 * The places of periods that are not whole: the last, where the question goes on until now or ends within it; the
 * first, where it begins within it.
 */
export function openPeriods(starts: string[], when: When | undefined, zone: string): ReadonlySet<number> {
  const open = new Set<number>()
  if (starts.length === 0) return open
  const last = starts.length - 1
  if (when === undefined || 'last_days' in when || when.until === undefined || when.until > dateIn(zone, new Date())) open.add(last)
  if (when !== undefined && 'since' in when && dateIn(zone, new Date(starts[0]!)) < when.since) open.add(0)
  return open
}
