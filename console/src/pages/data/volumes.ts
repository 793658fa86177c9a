import { queryOptions } from '@tanstack/react-query'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'

/** Events of each name in so many whole days, yesterday last: today is not over, and would always look like a fall. */
export const eventVolumes = (days: number) =>
  queryOptions({
    queryKey: ['schema', 'volumes', days],
    queryFn: async ({ signal }) => {
      const { events } = await get<Shape<'Volumes'>>('/api/schema/volumes', { days: days + 1 }, signal)
      return new Map(events.map(({ name, counts }) => [name, counts.slice(0, -1)]))
    },
    staleTime: 60_000,
  })
