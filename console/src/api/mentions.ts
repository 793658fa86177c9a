/** What others say that turns to the reader. */

import { queryOptions } from '@tanstack/react-query'
import { get, remove, route } from './client'
import type { Shape } from './shape'

export type Mention = Shape<'MentionShape'>

export const mentions = queryOptions({
  queryKey: ['mentions'],
  queryFn: ({ signal }) => get<Shape<'MentionList'>>('/api/mentions', {}, signal),
  select: (list) => list.mentions,
  refetchInterval: 15_000,
})

export const readMention = (id: number) => remove<null>(route`/api/mentions/${id}`)
