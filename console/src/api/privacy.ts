/** Who was forgotten, and the proof of it. Nothing in it names anybody. */

import { queryOptions } from '@tanstack/react-query'
import { get, post, route } from './client'
import type { Shape } from './shape'

export type Erasure = Shape<'ErasureShape'>
export type Proof = Shape<'ProofShape'>

export const erasures = queryOptions({
  queryKey: ['erasures'],
  queryFn: async ({ signal }) => (await get<Shape<'ErasureList'>>('/api/erasures', {}, signal)).erasures,
  refetchInterval: ({ state }) => (state.data?.some((each) => each.state === 'running') ? 3_000 : false),
})

export const erasure = (id: string) =>
  queryOptions({
    queryKey: ['erasures', id],
    queryFn: ({ signal }) => get<Erasure>(route`/api/erasures/${id}`, {}, signal),
    retry: false,
  })

/** Whom it is about is said in the body: names do not end in the log of a proxy. */
export const prove = (person: string) => post<Proof>('/api/erasures/prove', { person })
