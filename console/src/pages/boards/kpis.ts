import { queryOptions } from '@tanstack/react-query'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'

/** The tree of KPIs as it stands. */
export const kpis = queryOptions({
  queryKey: ['kpis'],
  queryFn: ({ signal }) => get<Shape<'KpiAnswer'>>('/api/kpis', {}, signal),
  refetchInterval: 60_000,
})
