/** The operators of a comparison: the server's names, our words, and what each wants to be given. */
import { t } from '~/words/language'

export type Takes =
  | 'scalar'
  | 'ordered'
  | 'text'
  | 'scalars'
  | 'range'
  | 'count'
  | 'days'
  | 'year_days'
  | 'date'
  | 'day'
  | 'version'
  | 'region'
  | 'nothing'

type Family = 'usual' | 'text' | 'number' | 'date' | 'list' | 'version' | 'country'

interface Operator {
  label: string
  takes: Takes
  family: Family
}

export const OPERATORS: Record<string, Operator> = {
  equals: { label: t('is'), takes: 'scalar', family: 'usual' },
  not_equals: { label: t('is not'), takes: 'scalar', family: 'usual' },
  is_any_of: { label: t('is any of'), takes: 'scalars', family: 'usual' },
  is_none_of: { label: t('is none of'), takes: 'scalars', family: 'usual' },
  is_set: { label: t('is set'), takes: 'nothing', family: 'usual' },
  is_not_set: { label: t('is not set'), takes: 'nothing', family: 'usual' },
  is_true: { label: t('is true'), takes: 'nothing', family: 'usual' },
  is_false: { label: t('is false'), takes: 'nothing', family: 'usual' },
  greater_than: { label: t('more than'), takes: 'ordered', family: 'number' },
  at_least: { label: t('at least'), takes: 'ordered', family: 'number' },
  less_than: { label: t('less than'), takes: 'ordered', family: 'number' },
  at_most: { label: t('at most'), takes: 'ordered', family: 'number' },
  between: { label: t('between'), takes: 'range', family: 'number' },
  contains: { label: t('contains'), takes: 'scalar', family: 'text' },
  not_contains: { label: t('does not contain'), takes: 'scalar', family: 'text' },
  starts_with: { label: t('starts with'), takes: 'text', family: 'text' },
  ends_with: { label: t('ends with'), takes: 'text', family: 'text' },
  equals_ignoring_case: { label: t('is, in any case'), takes: 'text', family: 'text' },
  contains_ignoring_case: { label: t('contains, in any case'), takes: 'text', family: 'text' },
  date_before: { label: t('is before'), takes: 'date', family: 'date' },
  date_after: { label: t('is after'), takes: 'date', family: 'date' },
  date_on: { label: t('is on'), takes: 'day', family: 'date' },
  days_since_is: { label: t('days ago, exactly'), takes: 'days', family: 'date' },
  days_since_at_least: { label: t('days ago, at least'), takes: 'days', family: 'date' },
  days_since_at_most: { label: t('days ago, at most'), takes: 'days', family: 'date' },
  days_until_is: { label: t('days ahead, exactly'), takes: 'days', family: 'date' },
  days_until_at_least: { label: t('days ahead, at least'), takes: 'days', family: 'date' },
  days_until_at_most: { label: t('days ahead, at most'), takes: 'days', family: 'date' },
  anniversary_in_days: { label: t('anniversary in exactly so many days'), takes: 'year_days', family: 'date' },
  anniversary_within_days: { label: t('anniversary within days'), takes: 'year_days', family: 'date' },
  contains_any_of: { label: t('contains any of'), takes: 'scalars', family: 'list' },
  contains_all_of: { label: t('contains all of'), takes: 'scalars', family: 'list' },
  contains_none_of: { label: t('contains none of'), takes: 'scalars', family: 'list' },
  size_is: { label: t('elements, exactly'), takes: 'count', family: 'list' },
  size_at_least: { label: t('elements, at least'), takes: 'count', family: 'list' },
  size_at_most: { label: t('elements, at most'), takes: 'count', family: 'list' },
  version_is: { label: t('is version'), takes: 'version', family: 'version' },
  version_greater_than: { label: t('is a version after'), takes: 'version', family: 'version' },
  version_at_least: { label: t('is at least version'), takes: 'version', family: 'version' },
  version_less_than: { label: t('is a version before'), takes: 'version', family: 'version' },
  version_at_most: { label: t('is at most version'), takes: 'version', family: 'version' },
  is_in_region: { label: t('is a country in'), takes: 'region', family: 'country' },
  is_not_in_region: { label: t('is no country in'), takes: 'region', family: 'country' },
}

export const takesOf = (operator: string): Takes => OPERATORS[operator]?.takes ?? 'scalar'

const FAMILIES: Record<Family, string> = {
  usual: t('Usual'),
  text: t('Text'),
  number: t('Numbers'),
  date: t('Dates'),
  list: t('Lists'),
  version: t('Versions'),
  country: t('Countries'),
}

export type ValueKind = 'text' | 'number' | 'truth'

export function kindOf(type: string | undefined, value: unknown): ValueKind {
  const sample = Array.isArray(value) ? (value as unknown[])[0] : value
  if (typeof sample === 'number') return 'number'
  if (typeof sample === 'boolean') return 'truth'
  if (typeof sample === 'string' && sample !== '') return 'text'
  if (type && /num|int|float|decimal/i.test(type)) return 'number'
  return type && /bool/i.test(type) ? 'truth' : 'text'
}

/** The families in the order in which they make sense for the kind. */
const ORDER: Record<ValueKind, Family[]> = {
  text: ['usual', 'text', 'number', 'date', 'list', 'version', 'country'],
  number: ['usual', 'number', 'date', 'text', 'list', 'version', 'country'],
  truth: ['usual', 'text', 'number', 'date', 'list', 'version', 'country'],
}

/** All of them in groups, the likely ones first, and always the one already chosen. */
export function operatorsFor(kind: ValueKind, chosen: string) {
  const groups = ORDER[kind].map((family) => ({
    group: FAMILIES[family],
    items: Object.entries(OPERATORS)
      .filter(([, each]) => each.family === family)
      .map(([value, { label }]) => ({ value, label })),
  }))
  return chosen in OPERATORS ? groups : [...groups, { group: chosen, items: [{ value: chosen, label: chosen }] }]
}
