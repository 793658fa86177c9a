/** Which events come far less than they did, from how many of each came in spans of 24 hours, the newest last. */

/** Fewer a day than this come and go by chance. */
const DAILY_LEAST = 20
/** Less than this share of the least of a week is far less. */
const FAR = 0.25
const WEEK = 7
export const LOOKED_AT_DAYS = 2 * WEEK

export interface Drop {
  event: string
  /** In the last 24 hours. */
  now: number
  /** The least a day in the week before. */
  usual: number
  /** For so many days. */
  days: number
}

/** What we bring about ourselves changes with what is published: nobody lost it on the way. */
const OWN = /^(Message|Journey|Variant|Campaign|Consent) /

/** Those that drop, the largest first. A whole week stands before, weekend and all; after a week the new is the usual. */
export function drops(volumes: ReadonlyMap<string, readonly number[]>): Drop[] {
  const found: Drop[] = []
  for (const [event, counts] of volumes) {
    const drop = OWN.test(event) ? null : dropOf(counts)
    if (drop) found.push({ event, now: counts.at(-1)!, ...drop })
  }
  return found.toSorted((one, other) => other.usual - one.usual)
}

function dropOf(counts: readonly number[]): { usual: number; days: number } | null {
  for (let days = 1; days <= WEEK && counts.length >= days + WEEK; days++) {
    const before = counts.slice(-days - WEEK, -days)
    const usual = Math.min(...before)
    if (usual >= DAILY_LEAST && counts.slice(-days).every((count) => count < usual * FAR)) return { usual, days }
  }
  return null
}
