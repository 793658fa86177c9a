/** What the composer asks the server about a campaign that is being written. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { address, get, post, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Json } from '~/api/types'
import { language } from '~/words/language'
import type { Definition } from '../runs/editor/draft'

export type Outlook = Shape<'OutlookShape'>

/** All that is wrong with it. */
export const campaignCheck = (id: string, definition: Definition) =>
  queryOptions({
    queryKey: ['campaign-check', id, definition],
    queryFn: ({ signal }) => post<Shape<'DraftCheckShape'>>(route`/api/campaigns/${id}/check`, definition, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
    retry: false,
  })

/** Whom it is for, on which channels, when it goes out, and what bounds it. */
export const campaignOutlook = (id: string, definition: Definition) =>
  queryOptions({
    queryKey: ['campaign-outlook', id, definition],
    queryFn: ({ signal }) => post<Outlook>(address(route`/api/campaigns/${id}/outlook`, { language: language() }), definition, signal),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 60_000,
    retry: false,
  })

export const campaignPreview = (id: string, definition: Definition) =>
  queryOptions({
    queryKey: ['campaign-preview', id, definition],
    queryFn: ({ signal }) => post<Shape<'holdfast__http__api__decision_files__PreviewShape'>>(route`/api/campaigns/${id}/preview`, definition, signal),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })

/** Who of an audience can be written to about a topic, by channel, and why not the others. */
export const reachFor = (segment: Json, topic: string, transactional: boolean) =>
  queryOptions({
    queryKey: ['segment-reach', segment, topic, transactional],
    queryFn: ({ signal }) => post<Shape<'ReachShape'>>('/api/segments/reach', { segment, topic, transactional }, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })

export const campaignVersions = (id: string) =>
  queryOptions({
    queryKey: ['campaigns', id, 'versions'],
    queryFn: async ({ signal }) => (await get<Shape<'DecisionVersionsShape'>>(route`/api/campaigns/${id}/versions`, {}, signal)).versions,
  })

export const campaignVersion = (id: string, version: number) =>
  queryOptions({
    queryKey: ['campaigns', id, 'versions', version],
    queryFn: ({ signal }) => get<Shape<'VersionDetail'>>(route`/api/campaigns/${id}/versions/${version}`, {}, signal),
    // A version never changes.
    staleTime: Infinity,
  })
