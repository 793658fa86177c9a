/** Every question the console asks, with the key its answer is kept under. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, keepCsrf, post, route } from './client'
import type { Shape } from './shape'
import type {
  BadRecords, DeadLetters, Delivery, EventName, EventPage, Json, LiveMembers, Mail, MailRow, Occasion, Occurrence, Overview, Person, PersonRow, PropertyName, Run, RunKind, RunRow,
  SavedSegment, SegmentCount, Session, Simulation, Trace, UnderWay,
} from './types'

export const session = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    const found = await get<Session>('/session', {}, signal)
    keepCsrf(found.csrf)
    return found
  },
  staleTime: Infinity,
})

export const overview = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => get<Overview>('/api/overview', {}, signal),
  // While the workspace fills, the picture changes faster.
  refetchInterval: (query) => (query.state.data?.loading ? 3_000 : 15_000),
})

export const PEOPLE_PER_PAGE = 50

export const people = (text: string, page: number) =>
  queryOptions({
    queryKey: ['people', text, page],
    queryFn: ({ signal }) =>
      get<{ people: PersonRow[]; total: number }>(
        '/api/people',
        { text, limit: PEOPLE_PER_PAGE, offset: (page - 1) * PEOPLE_PER_PAGE },
        signal,
      ),
    placeholderData: keepPreviousData,
  })

export const person = (id: string) =>
  queryOptions({
    queryKey: ['person', id],
    queryFn: ({ signal }) => get<Person>(route`/api/people/${id}`, {}, signal),
  })

export const timeline = (id: string, event: string | null) =>
  infiniteQueryOptions({
    queryKey: ['timeline', id, event],
    queryFn: ({ signal, pageParam }) =>
      get<EventPage>(route`/api/people/${id}/events`, { limit: 100, before: pageParam, event }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
  })

/** What a journey or campaign did with a person, and why. */
export const trace = (id: string, origin: string) =>
  queryOptions({
    queryKey: ['trace', id, origin],
    queryFn: ({ signal }) => get<Trace>('/api/trace', { person: id, origin }, signal),
    enabled: origin !== '',
    refetchInterval: 10_000,
  })

export const segments = queryOptions({
  queryKey: ['segments'],
  queryFn: async ({ signal }) => (await get<{ segments: SavedSegment[] }>('/api/segments', {}, signal)).segments,
})

/** Who is in a live segment at this moment; nothing is counted for it. */
export const liveMembers = (id: string, limit = 6) =>
  queryOptions({
    queryKey: ['live-members', id, limit],
    queryFn: ({ signal }) => get<LiveMembers>(route`/api/segments/${id}/members`, { limit }, signal),
    refetchInterval: 3_000,
  })

export const segmentCount = (definition: Json) =>
  queryOptions({
    queryKey: ['segment-count', definition],
    queryFn: ({ signal }) => post<SegmentCount>('/api/segments/count', { definition }, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })

export const segmentPeople = (definition: Json, limit = 6) =>
  queryOptions({
    queryKey: ['segment-people', definition, limit],
    queryFn: ({ signal }) =>
      post<{ people: PersonRow[]; count: number }>('/api/segments/people', { definition, limit, offset: 0 }, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })

const ROOTS = { journey: 'journeys', campaign: 'campaigns' } as const

export const runRoot = (kind: RunKind) => ROOTS[kind]

export const runs = (kind: RunKind, archived = false) =>
  queryOptions({
    queryKey: archived ? [ROOTS[kind], { archived }] : [ROOTS[kind]],
    queryFn: async ({ signal }) =>
      (await get<Record<string, RunRow[]>>(`/api/${ROOTS[kind]}`, { archived: archived || null }, signal))[ROOTS[kind]] ?? [],
    refetchInterval: 10_000,
  })

export const run = (kind: RunKind, id: string) =>
  queryOptions({
    queryKey: [ROOTS[kind], id],
    queryFn: ({ signal }) => get<Run>(route`/api/${ROOTS[kind]}/${id}`, {}, signal),
    refetchInterval: 4_000,
  })

const OPEN_OCCASIONS = new Set(['preparing', 'held', 'running', 'paused'])

/** The occasions of what lets in an audience, newest first; asked more often while one is under way. */
export const occasions = (kind: RunKind, id: string) =>
  queryOptions({
    queryKey: [ROOTS[kind], id, 'runs'],
    queryFn: async ({ signal }) => (await get<{ runs: Occasion[] }>(route`/api/${ROOTS[kind]}/${id}/runs`, { limit: 20 }, signal)).runs,
    refetchInterval: ({ state }) => (state.data?.some((each) => OPEN_OCCASIONS.has(each.state)) ? 2_000 : 10_000),
  })

/** The next times of a schedule; none of what has none. */
export const coming = (kind: RunKind, id: string) =>
  queryOptions({
    queryKey: [ROOTS[kind], id, 'next'],
    queryFn: async ({ signal }) =>
      (await get<{ occurrences: Occurrence[] }>(route`/api/${ROOTS[kind]}/${id}/next`, { count: 5 }, signal)).occurrences,
    refetchInterval: 60_000,
  })

/** Replays a period of the past; `asked` names the question, so that it can be followed and called off. */
export const simulation = (what: { id: string } | { definition: { [key: string]: Json } }, over: string, asked: string) =>
  queryOptions({
    queryKey: ['simulation', asked],
    queryFn: ({ signal }) => post<Simulation>('/api/simulate', { ...what, over }, signal, asked),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  })

export const underWay = (asked: string) =>
  queryOptions({
    queryKey: ['under-way', asked],
    queryFn: async ({ signal }) => {
      const { queries } = await get<{ queries: UnderWay[] }>('/api/queries', {}, signal)
      return queries.find(({ id }) => id === asked) ?? null
    },
    refetchInterval: 400,
    gcTime: 0,
  })

export const mailbox = (text: string, medium = '', person = '') =>
  infiniteQueryOptions({
    queryKey: ['mailbox', text, medium, person],
    queryFn: ({ signal, pageParam }) =>
      get<{ messages: MailRow[]; total: number }>('/api/mailbox', { text, medium, person, limit: 50, before: pageParam }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.messages.length === 50 ? (page.messages.at(-1)?.id ?? null) : null),
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  })

export const mail = (id: number) =>
  queryOptions({
    queryKey: ['mail', id],
    queryFn: ({ signal }) => get<Mail>(route`/api/mailbox/${id}`, {}, signal),
    staleTime: Infinity,
  })

export const badRecords = (replayed: boolean) =>
  infiniteQueryOptions({
    queryKey: ['errors', replayed],
    queryFn: ({ signal, pageParam }) => get<BadRecords>('/api/errors', { limit: 50, before: pageParam, replayed }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.errors.length === 50 ? page.errors.at(-1)?.id ?? null : null),
  })

export const delivery = queryOptions({
  queryKey: ['delivery'],
  queryFn: ({ signal }) => get<Delivery>('/api/lanes', {}, signal),
  refetchInterval: 2_000,
})

export const deadLetters = (channel: string | null) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', channel],
    queryFn: ({ signal, pageParam }) => get<DeadLetters>('/api/dead-letters', { limit: 50, before: pageParam, channel }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  })

export const eventNames = queryOptions({
  queryKey: ['schema', 'events'],
  queryFn: async ({ signal }) => (await get<{ events: EventName[] }>('/api/schema/events', {}, signal)).events,
  staleTime: 30_000,
})

export const eventProperties = (name: string) =>
  queryOptions({
    queryKey: ['schema', 'events', name],
    queryFn: async ({ signal }) =>
      (await get<{ properties: PropertyName[] }>(route`/api/schema/events/${name}/properties`, {}, signal)).properties,
    staleTime: 60_000,
    enabled: name !== '',
  })

export const traitNames = queryOptions({
  queryKey: ['schema', 'traits'],
  queryFn: async ({ signal }) => {
    const answer = await get<{ traits?: PropertyName[]; properties?: PropertyName[] }>('/api/schema/traits', {}, signal)
    return answer.traits ?? answer.properties ?? []
  },
  staleTime: 60_000,
})

export const keys = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => (await get<{ keys: Shape<'KeyShape'>[] }>('/api/keys', {}, signal)).keys,
})
