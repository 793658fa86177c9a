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
