/** The settings that are chosen in the console, and how the server stands. */

import { queryOptions } from '@tanstack/react-query'
import { withDeclared } from '~/words/declared'
import { get, put } from './client'
import type { Shape } from './shape'

export type Setting = Shape<'SettingShape'>
export type SettingValue = Setting['value']
/** What is to be different; null for as it was before anybody chose. */
export type Choices = Record<string, SettingValue | null>

export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => withDeclared(get<Shape<'SettingList'>>('/api/settings', {}, signal)),
})

export const chooseSettings = (values: Choices, basedOn: number) => put<Shape<'SettingList'>>('/api/settings', { values, based_on: basedOn })

export const health = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => get<Shape<'HealthShape'>>('/api/health', {}, signal),
  refetchInterval: 10_000,
})

/** What is being asked of the history at this moment, the oldest first. */
export const questionsUnderWay = queryOptions({
  queryKey: ['queries'],
  queryFn: async ({ signal }) => (await get<Shape<'QueryList'>>('/api/queries', {}, signal)).queries,
  refetchInterval: 3_000,
})
