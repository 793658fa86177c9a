import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { media } from '~/api/channels'
import { declared } from '~/words/declared'
import { type Kinds, plainWords } from './kinds'
import { entriesOf } from './palette'

/** What can be put in, each channel with what the server says of it. */
export function useEntries(kinds: Kinds) {
  const { data } = useQuery(media)
  return useMemo(() => entriesOf(kinds, new Map(data?.map(({ name, help }) => [name, plainWords(declared(help))]))), [kinds, data])
}
