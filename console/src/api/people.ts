/** Whom one looks for among all people, and what can be asked about one of them. */

import { queryOptions } from '@tanstack/react-query'
import { address, post, get, route } from './client'
import type { Shape } from './shape'
import type { Json, PersonRow } from './types'

export type PeopleOrder = 'last_seen' | 'first_seen' | 'user_id'

/** Whom to look for; all of it must be true of them. */
export interface Sought {
  text: string
  known: boolean | null
  definition: Json | null
  order: PeopleOrder
  ascending: boolean
}

export const PEOPLE_AT_ONCE = 100
/** Pages that were scrolled past are let go after this; a list of any length takes no more than a few of them. */
const KEPT_MS = 20_000

export const soughtPage = (sought: Sought, traits: string[], page: number) =>
  queryOptions({
    queryKey: ['people-sought', sought, traits, page],
    queryFn: ({ signal }) =>
      post<{ people: PersonRow[]; total: number }>(
        '/api/people/find',
        { ...sought, traits, limit: PEOPLE_AT_ONCE, offset: page * PEOPLE_AT_ONCE },
        signal,
      ),
    gcTime: KEPT_MS,
    staleTime: KEPT_MS,
    retry: false,
  })

/** The names of everybody sought, up to so many. */
export async function namesOf(sought: Sought, most: number): Promise<string[]> {
  const names: string[] = []
  while (names.length < most) {
    const { people } = await post<{ people: PersonRow[] }>('/api/people/find', { ...sought, traits: [], limit: Math.min(1_000, most - names.length), offset: names.length })
    if (people.length === 0) break
    names.push(...people.map((each) => each.user_id))
  }
  return names
}

/** Where everybody sought is had as a file. */
export const peopleFile = ({ text, known, definition }: Sought, format: string, traits: string[]) => {
  const whole = address('/api/export/people', { format, text, known, definition: definition === null ? null : JSON.stringify(definition) })
  return traits.reduce((path, name) => `${path}&trait=${encodeURIComponent(name)}`, whole)
}

export const lists = queryOptions({
  queryKey: ['lists'],
  queryFn: async ({ signal }) => (await get<Shape<'ListsShape'>>('/api/lists', {}, signal)).lists,
})

export const listPeople = (id: string, page: number, most: number) =>
  queryOptions({
    queryKey: ['lists', id, 'people', page, most],
    queryFn: ({ signal }) => get<{ people: PersonRow[]; total: number }>(route`/api/lists/${id}/people`, { limit: most, offset: page * most }, signal),
  })

export const listUsers = (id: string) =>
  queryOptions({
    queryKey: ['list-users', id],
    queryFn: async ({ signal }) => (await get<Shape<'UsedBy'>>(route`/api/lists/${id}/used-by`, {}, signal)).used_by,
  })

export const segmentsOf = (id: string) =>
  queryOptions({
    queryKey: ['person', id, 'segments'],
    queryFn: async ({ signal }) => (await get<Shape<'MembershipList'>>(route`/api/people/${id}/segments`, {}, signal)).segments,
    retry: false,
  })

export const whyIn = (segment: string, person: string) =>
  queryOptions({
    queryKey: ['person', person, 'segments', segment],
    queryFn: async ({ signal }) => (await get<Shape<'Explanation'>>(route`/api/segments/${segment}/explain`, { person }, signal)).conditions,
    retry: false,
  })
