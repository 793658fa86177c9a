import { queryOptions } from '@tanstack/react-query'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'

/** Events of each name in so many spans of 24 hours that end now; or in whole days, yesterday last: today is not over, and would look like a fall. */
export const eventVolumes = (days: number, whole = false) =>
  queryOptions({
    queryKey: ['schema', 'volumes', days, whole],
    queryFn: async ({ signal }) => {
      const { events } = await get<Shape<'Volumes'>>('/api/schema/volumes', { days, whole }, signal)
      return new Map(events.map(({ name, counts }) => [name, counts]))
    },
    staleTime: 60_000,
  })
