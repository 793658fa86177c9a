/** What the address of the list of people says: whom it shows, in which order, with which columns. */

import type { PeopleOrder, Sought } from '~/api/people'
import type { Json } from '~/api/types'

export interface PeopleSearch {
  text?: string
  who?: 'known' | 'anonymous'
  segment?: string
  /** A quick rule: the trait, how it is compared, and with what. */
  trait?: string
  is?: string
  value?: string
  order?: PeopleOrder
  up?: boolean
  columns?: string[]
}

const ORDERS: PeopleOrder[] = ['last_seen', 'first_seen', 'user_id']

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) || undefined : undefined

export function peopleSearch(search: Record<string, unknown>): PeopleSearch {
  const { who, order, columns } = search
  return {
    text: text(search['text']),
    who: who === 'known' || who === 'anonymous' ? who : undefined,
    segment: text(search['segment']),
    trait: text(search['trait']),
    is: text(search['is']),
    value: text(search['value']),
    order: ORDERS.find((each) => each === order),
    up: search['up'] === true || undefined,
    columns: Array.isArray(columns) ? columns.filter((each) => typeof each === 'string') : undefined,
  }
}

/** What the server is asked: "7" is a number there, and "true" a truth. */
export function valueOf(written: string): Json {
  if (written === 'true' || written === 'false') return written === 'true'
  return written.trim() !== '' && Number.isFinite(Number(written)) && String(Number(written)) === written.trim() ? Number(written) : written
}

export const WITHOUT_VALUE = new Set(['is_set', 'is_not_set'])
/** These compare text, whatever it looks like. */
const OF_TEXT = new Set(['contains_ignoring_case'])

/** The segment of whoever is shown, but for what no segment can say: words and whether they are known. */
export function definitionOf({ segment, trait, is, value = '' }: PeopleSearch): Json | null {
  const parts: Json[] = []
  if (segment) parts.push({ type: 'in_segment', segment })
  if (trait && is) {
    const compared: Json = WITHOUT_VALUE.has(is) ? {} : { value: OF_TEXT.has(is) ? value : valueOf(value) }
    parts.push({ type: 'trait', trait, operator: is, ...compared })
  }
  return parts.length > 1 ? { type: 'all', of: parts } : (parts[0] ?? null)
}

export function soughtOf(search: PeopleSearch): Sought {
  return {
    text: search.text ?? '',
    known: search.who ? search.who === 'known' : null,
    definition: definitionOf(search),
    order: search.order ?? 'last_seen',
    ascending: search.up ?? false,
  }
}
