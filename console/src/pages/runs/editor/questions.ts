/** What the editor asks the server about a journey that is being written. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, post, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Definition } from './draft'

/** All that is wrong with it, and what its cards say. */
export const draftCheck = (id: string, definition: Definition) =>
  queryOptions({
    queryKey: ['journey-check', id, definition],
    queryFn: ({ signal }) => post<Shape<'DraftCheckShape'>>(route`/api/journeys/${id}/check`, definition, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  })

export type Move = Record<string, string>

/** What publishing it would change, and for whom; the same is refused as would be then. */
export const publishPreview = (id: string, definition: Definition, move: Move) =>
  queryOptions({
    queryKey: ['journey-preview', id, definition, move],
    queryFn: ({ signal }) => post<Shape<'holdfast__http__api__decision_files__PreviewShape'>>(route`/api/journeys/${id}/preview`, { ...definition, move }, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

/** Whom it is for, on which channels, when it first writes, and what bounds it. */
export const outlook = (id: string, definition: Definition) =>
  queryOptions({
    queryKey: ['journey-outlook', id, definition],
    queryFn: ({ signal }) => post<Shape<'OutlookShape'>>(route`/api/journeys/${id}/outlook`, definition, signal),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

export const versions = (id: string) =>
  queryOptions({
    queryKey: ['journeys', id, 'versions'],
    queryFn: async ({ signal }) => (await get<Shape<'DecisionVersionsShape'>>(route`/api/journeys/${id}/versions`, {}, signal)).versions,
  })

export const versionDetail = (id: string, version: number) =>
  queryOptions({
    queryKey: ['journeys', id, 'versions', version],
    queryFn: ({ signal }) => get<Shape<'VersionDetail'>>(route`/api/journeys/${id}/versions/${version}`, {}, signal),
    // A version never changes.
    staleTime: Infinity,
  })
