/** The operators of a comparison, in the server's words and in ours. */
export const OPERATORS: Record<string, string> = {
  equals: 'is',
  not_equals: 'is not',
  greater_than: 'more than',
  at_least: 'at least',
  less_than: 'less than',
  at_most: 'at most',
  contains: 'contains',
  starts_with: 'starts with',
  ends_with: 'ends with',
  is_any_of: 'is any of',
  is_none_of: 'is none of',
  is_set: 'is set',
  is_not_set: 'is not set',
}

const NUMERIC = ['equals', 'not_equals', 'greater_than', 'at_least', 'less_than', 'at_most', 'is_any_of', 'is_none_of', 'is_set', 'is_not_set']
const TEXTUAL = ['equals', 'not_equals', 'contains', 'starts_with', 'ends_with', 'is_any_of', 'is_none_of', 'is_set', 'is_not_set']
const TRUTHS = ['equals', 'not_equals', 'is_set', 'is_not_set']

export type ValueKind = 'text' | 'number' | 'truth'

export function kindOf(type: string | undefined, value: unknown): ValueKind {
  const sample = Array.isArray(value) ? (value as unknown[])[0] : value
  if (typeof sample === 'number') return 'number'
  if (typeof sample === 'boolean') return 'truth'
  if (typeof sample === 'string' && sample !== '') return 'text'
  if (type && /num|int|float|decimal/i.test(type)) return 'number'
  return type && /bool/i.test(type) ? 'truth' : 'text'
}

/** Those that make sense for the kind, and always the one already chosen. */
export function operatorsFor(kind: ValueKind, chosen: string): { value: string; label: string }[] {
  const names = { text: TEXTUAL, number: NUMERIC, truth: TRUTHS }[kind]
  const all = names.includes(chosen) ? names : [...names, chosen]
  return all.map((value) => ({ value, label: OPERATORS[value] ?? value }))
}
