/** Lengths of time as people write them: a number and its unit. */

export const UNITS = [60, 3_600, 86_400, 1] as const
export type Unit = (typeof UNITS)[number]

/** The largest unit of which it is a whole number. */
export function unitOf(seconds: number): Unit {
  if (seconds === 0) return 3_600
  return ([86_400, 3_600, 60] as const).find((unit) => seconds % unit === 0) ?? 1
}
