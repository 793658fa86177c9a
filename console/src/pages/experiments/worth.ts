/** How what a path brings is written: a single goal worth 1 is a share of people, anything else a number. */
import { LOCALE } from '~/words/language'
import { NONE, percent, points, signed } from '~/words/numbers'
import type { Paths } from './trials'

export const isShare = (step: Paths): boolean => step.goals.length === 1 && step.goals[0]!.worth === 1 && !step.goals[0]!.value

export function worth(value: number | null, step: Paths): string {
  if (value === null) return NONE
  return isShare(step) ? percent(value) : Number(value.toPrecision(4)).toLocaleString(LOCALE)
}

export function worthChange(value: number, step: Paths): string {
  return isShare(step) ? points(value) : signed(value, Math.abs(value) < 1 ? 3 : 1)
}
