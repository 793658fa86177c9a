/** What was written and is not saved yet. */

import { queryOptions } from '@tanstack/react-query'
import { address, get, remove, route } from './client'
import type { Shape } from './shape'
import type { Draft, ThingKind } from './teamwork'

export type DraftHeading = Shape<'DraftHeading'>

/** Every draft there is, the one written last first. */
export const drafts = queryOptions({
  queryKey: ['drafts'],
  queryFn: ({ signal }) => get<Shape<'DraftList'>>('/api/drafts', {}, signal),
  select: (list) => list.drafts,
  refetchInterval: 30_000,
})

/** One draft as it is kept now; null where there is none. */
export const draftOf = (kind: ThingKind, id: string) =>
  queryOptions({
    queryKey: ['drafts', kind, id],
    queryFn: async ({ signal }) => {
      // To ask by name for one that is not there would be an error.
      const list = await get<Shape<'DraftList'>>('/api/drafts', {}, signal)
      if (!list.drafts.some((each) => each.kind === kind && each.id === id)) return null
      return get<Draft>(route`/api/drafts/${kind}/${id}`, {}, signal)
    },
    // What is written meanwhile is not what one began with.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })

/** Throw one away, if nobody has written in it since. */
export const dropDraft = ({ kind, id, revision }: DraftHeading) => remove<null>(address(route`/api/drafts/${kind}/${id}`, { revision }))
