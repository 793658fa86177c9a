/** What the pages about channels and contents ask. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { withDeclared } from '~/words/declared'
import { get, post, route } from './client'
import type { Shape } from './shape'
import type {
  Catalogue, CatalogueItems, ChannelProvider, Connections, CouponPool, EmailDomain, Medium, Saved, SavedHeading, Suppression, TemplatePreview,
} from './types'

export const connections = queryOptions({
  queryKey: ['connections'],
  queryFn: ({ signal }) => withDeclared(get<Connections>('/api/connections', {}, signal)),
})

export const channelProviders = queryOptions({
  queryKey: ['connections', 'providers'],
  queryFn: async ({ signal }) => (await withDeclared(get<{ providers: ChannelProvider[] }>('/api/connections/providers', {}, signal))).providers,
  staleTime: Infinity,
})

export const emailDomains = queryOptions({
  queryKey: ['email-domains'],
  queryFn: async ({ signal }) => (await withDeclared(get<{ domains: EmailDomain[] }>('/api/email-domains', {}, signal))).domains,
})

export const suppressions = (channel: string) =>
  infiniteQueryOptions({
    queryKey: ['suppressions', channel],
    queryFn: ({ signal, pageParam }) =>
      get<{ suppressions: Suppression[]; next_before: string | null }>('/api/suppressions', { limit: 50, channel, before: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
  })

/** Whether anything may go to an address, and if not, why. */
export const suppressed = (channel: string, to: string) =>
  queryOptions({
    queryKey: ['suppressions', 'check', channel, to],
    queryFn: ({ signal }) => get<Shape<'SuppressionAnswer'>>('/api/suppressions/check', { channel, address: to }, signal),
    staleTime: 0,
    retry: false,
  })

export const media = queryOptions({
  queryKey: ['media'],
  queryFn: async ({ signal }) => (await withDeclared(get<{ media: Medium[] }>('/api/media', {}, signal))).media,
  staleTime: Infinity,
})

export const templates = queryOptions({
  queryKey: ['templates'],
  queryFn: async ({ signal }) => (await get<{ saved: SavedHeading[] }>('/api/templates', {}, signal)).saved,
})

export const blocks = queryOptions({
  queryKey: ['blocks'],
  queryFn: async ({ signal }) => (await get<{ saved: SavedHeading[] }>('/api/blocks', {}, signal)).saved,
})

export type SavedKind = 'template' | 'block'

export const saved = (kind: SavedKind, id: string, version?: number) =>
  queryOptions({
    queryKey: [`${kind}s`, id, version ?? 'newest'],
    queryFn: ({ signal }) => get<Saved>(route`/api/${kind}s/${id}`, { version }, signal),
  })

export const template = (id: string) => saved('template', id)

export const savedVersions = (kind: SavedKind, id: string) =>
  queryOptions({
    queryKey: [`${kind}s`, id, 'versions'],
    queryFn: async ({ signal }) => (await get<{ versions: SavedHeading[] }>(route`/api/${kind}s/${id}/versions`, {}, signal)).versions,
  })

/** What is looked at: parts for a channel, and as whom. */
export interface PreviewQuestion {
  medium: string
  content: Record<string, unknown>
  person: string
  language: string
  /** What led to the message. */
  event: { name: string; properties: Record<string, unknown> }
}

export const templatePreview = (question: PreviewQuestion) =>
  queryOptions({
    queryKey: ['template-preview', question],
    queryFn: ({ signal }) => post<TemplatePreview>('/api/templates/preview', question, signal),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    retry: false,
  })

export const catalogues = queryOptions({
  queryKey: ['catalogues'],
  queryFn: async ({ signal }) => (await get<{ catalogues: Catalogue[] }>('/api/catalogues', {}, signal)).catalogues,
})

/** Items on a page. */
export const ROWS = 50

/** A page of items from some id on. A search looks at some thousand for each answer: further ones fill the page. */
export const catalogueItems = (name: string, search: string, start: string) =>
  infiniteQueryOptions({
    queryKey: ['catalogues', name, search, start],
    queryFn: ({ signal, pageParam }) => get<CatalogueItems>(route`/api/catalogues/${name}`, { limit: pageParam.room, after: pageParam.after, search }, signal),
    initialPageParam: { after: start, room: ROWS },
    getNextPageParam: (page, pages) => {
      const room = ROWS - pages.reduce((sum, { items }) => sum + items.length, 0)
      return page.next && room > 0 ? { after: page.next, room } : null
    },
  })

export const coupons = queryOptions({
  queryKey: ['coupons'],
  queryFn: async ({ signal }) => (await get<{ pools: CouponPool[] }>('/api/coupons', {}, signal)).pools,
})
