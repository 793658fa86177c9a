/** Parts of questions in plain words. */
import { counted, LOCALE, t } from '~/words/language'
import type { Act, Axis, Breakdown, Comparison, Period, When } from './question'

const or = new Intl.ListFormat(LOCALE, { type: 'disjunction' })
const and = new Intl.ListFormat(LOCALE, { type: 'conjunction' })

/** The operators of a comparison, as they stand between its name and its value. */
export const OPERATOR_WORDS: Record<string, () => string> = {
  equals: () => t('is'),
  not_equals: () => t('is not'),
  greater_than: () => t('more than'),
  at_least: () => t('at least'),
  less_than: () => t('less than'),
  at_most: () => t('at most'),
  contains: () => t('contains'),
  starts_with: () => t('starts with'),
  ends_with: () => t('ends with'),
  is_any_of: () => t('is any of'),
  is_none_of: () => t('is none of'),
  is_set: () => t('is set'),
  is_not_set: () => t('is not set'),
}

const comparisonWords = ({ property, operator, value }: Comparison) =>
  [property, Object.hasOwn(OPERATOR_WORDS, operator) ? OPERATOR_WORDS[operator]!() : operator, Array.isArray(value) ? value.join(', ') : (value ?? '')].join(' ').trim()

/** “Order Completed” where revenue is at least 50. */
export function actWords(act: Act | undefined): string {
  if (!act || act.events.length === 0) return t('something')
  const names = or.format(act.events.map((name) => t('“{{name}}”', { name })))
  const where = act.where ?? []
  return where.length === 0 ? names : t('{{what}} where {{conditions}}', { what: names, conditions: and.format(where.map(comparisonWords)) })
}

export function perPeriod(period: Period): string {
  switch (period) {
    case 'minute':
      return t('per minute')
    case 'hour':
      return t('per hour')
    case 'day':
      return t('per day')
    case 'week':
      return t('per week')
    case 'month':
      return t('per month')
    case 'quarter':
      return t('per quarter')
    case 'year':
      return t('per year')
  }
}

export const breakdownWords = (breakdown: Breakdown) => t('by {{what}}', { what: typeof breakdown === 'string' ? breakdown : breakdown.trait })

export const axisWords = ({ property, trait, period }: Axis) => property ?? trait ?? (period ? perPeriod(period) : '')

export function whenWords(when: When | undefined): string | null {
  if (when === undefined) return null
  if ('last_days' in when) return counted(when.last_days, 'last {{count}} day', 'last {{count}} days')
  return when.until === undefined ? t('since {{date}}', { date: when.since }) : t('{{since}} to {{until}}', { since: when.since, until: when.until })
}

export const withinWords = (days: number) => counted(days, 'within {{count}} day', 'within {{count}} days')

/** What is said of every question: the time, the people, and what else it brings. */
export const notesOf = (question: { when?: When; breakdown?: Breakdown }, ...more: (string | null | undefined | false)[]): string[] =>
  [...more, question.breakdown !== undefined && breakdownWords(question.breakdown), whenWords(question.when)].filter((note): note is string => typeof note === 'string' && note !== '')
