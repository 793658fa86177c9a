/** What can be asked about a group of people, saved or only written: over time, by channel, of one person, beside others. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { withDeclared } from '~/words/declared'
import { get, post, route } from './client'
import type { Shape } from './shape'
import type { Json } from './types'

const STALE_MS = 30_000

/** Kinds of conditions change with the server's version only. */
export const conditionKinds = queryOptions({
  queryKey: ['condition-kinds'],
  queryFn: async ({ signal }) => (await withDeclared(get<Shape<'ConditionKinds'>>('/api/segments/kinds', {}, signal))).kinds,
  staleTime: Infinity,
})

export type Period = 'day' | 'week' | 'month'

export const segmentHistory = (segment: Json, period: Period, last: number) =>
  queryOptions({
    queryKey: ['segment-history', segment, period, last],
    queryFn: ({ signal }) => post<Shape<'HistoryShape'>>('/api/segments/history', { segment, period, last }, signal),
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
    retry: false,
  })

export const segmentReach = (segment: Json) =>
  queryOptions({
    queryKey: ['segment-reach', segment],
    queryFn: ({ signal }) => post<Shape<'ReachShape'>>('/api/segments/reach', { segment }, signal),
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
    retry: false,
  })

export const segmentOverlap = (segments: Json[]) =>
  queryOptions({
    queryKey: ['segment-overlap', segments],
    queryFn: ({ signal }) => post<Shape<'OverlapShape'>>('/api/segments/overlap', { segments }, signal),
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
    retry: false,
  })

export const segmentExplained = (definition: Json, person: string) =>
  queryOptions({
    queryKey: ['segment-explained', definition, person],
    queryFn: async ({ signal }) => (await post<Shape<'Explanation'>>('/api/segments/explain', { definition, person }, signal)).conditions,
    retry: false,
  })

export const segmentVersions = (id: string) =>
  queryOptions({
    queryKey: ['segment-versions', id],
    queryFn: async ({ signal }) => (await get<Shape<'Versions'>>(route`/api/segments/${id}/versions`, { limit: 50 }, signal)).versions,
  })

export const segmentUsers = (id: string) =>
  queryOptions({
    queryKey: ['segments', id, 'used-by'],
    queryFn: async ({ signal }) => (await get<Shape<'UsedBy'>>(route`/api/segments/${id}/used-by`, {}, signal)).used_by,
  })

/** Those that were deleted, each of which can be restored. */
export const deletedSegments = queryOptions({
  queryKey: ['segments', 'deleted'],
  queryFn: async ({ signal }) => (await get<Shape<'SegmentList'>>('/api/segments', { deleted: true }, signal)).segments,
})

/** Who came between two moments, who went, or who was there at the second. */
export type Side = 'entered' | 'left' | 'there'
export const PEOPLE_ON_A_PAGE = 20

/** How many came and went between two moments, and a page of those on one side. */
export const segmentMoved = (segment: Json, span: { since: string; until: string | null }, side: Side, page: number) =>
  queryOptions({
    queryKey: ['segment-moved', segment, span, side, page],
    queryFn: async ({ signal }) => {
      const where = { limit: PEOPLE_ON_A_PAGE, offset: (page - 1) * PEOPLE_ON_A_PAGE }
      const { since, until } = span
      if (side !== 'there') return post<Shape<'ChangesShape'>>('/api/segments/changes', { segment, since, until, side, ...where }, signal)
      const found = await post<Shape<'ChangesShape'>>('/api/segments/changes', { segment, since, until, limit: 0 }, signal)
      const { people } = await post<Shape<'AudienceShape'>>('/api/segments/audience', { segment, at: found.until, ...where }, signal)
      return { ...found, people }
    },
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
    retry: false,
  })

/** What changed between two versions, in words and place by place. */
export const segmentChange = (id: string, before: number, after: number) =>
  queryOptions({
    queryKey: ['segment-versions', id, before, after],
    queryFn: ({ signal }) => get<Shape<'Compared'>>(route`/api/segments/${id}/diff`, { before, after }, signal),
    staleTime: Infinity,
  })

/** Values that were seen of a property of an event, or of a trait where no event is named; those that hold what was typed. */
export const seenValues = (event: string | null, name: string, text: string) =>
  queryOptions({
    queryKey: ['schema', 'values', event, name, text],
    queryFn: async ({ signal }) => {
      const found =
        event === null
          ? await get<Shape<'ValueList'>>('/api/schema/traits/values', { trait: name, text, limit: 20 }, signal)
          : await get<Shape<'ValueList'>>(route`/api/schema/events/${event}/values`, { property: name, text, limit: 20 }, signal)
      return found.values.map(({ value }) => value as Json)
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
