import { queryOptions } from '@tanstack/react-query'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'

/** Events of each name, day by day, the newest last. */
export const eventVolumes = (days: number) =>
  queryOptions({
    queryKey: ['schema', 'volumes', days],
    queryFn: async ({ signal }) => {
      const { events } = await get<Shape<'Volumes'>>('/api/schema/volumes', { days }, signal)
      return new Map(events.map(({ name, counts }) => [name, counts]))
    },
    staleTime: 60_000,
  })
