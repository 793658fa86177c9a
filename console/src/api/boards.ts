/** Saved insights, and the boards they stand on: questions, and what is done about them. */
import { queryOptions } from '@tanstack/react-query'
import { get, post, put, remove, route } from './client'
import type { Shape } from './shape'
import type { Json } from './types'

export type SavedInsight = Shape<'SavedInsight'>
export type Board = Shape<'Board'>
export type BoardHeading = Shape<'BoardHeading'>
export type Card = Board['cards'][number]

export const SAVED_INSIGHTS = ['saved-insights']
export const BOARDS = ['boards']

export const savedInsights = queryOptions({
  queryKey: SAVED_INSIGHTS,
  queryFn: async ({ signal }) => (await get<Shape<'SavedInsights'>>('/api/saved-insights', {}, signal)).insights,
})

export interface InsightSaid {
  name: string
  description: string
  kind: string
  question: Record<string, Json>
}

/** Save it on top of a version; 0 makes a new one. */
export const saveInsight = (id: string, said: InsightSaid, on: number) => put<SavedInsight>(route`/api/saved-insights/${id}`, { ...said, based_on: on })
export const deleteInsight = (id: string) => remove(route`/api/saved-insights/${id}`)
export const restoreInsight = (id: string) => post<SavedInsight>(route`/api/saved-insights/${id}/restore`, {})

export const boards = queryOptions({
  queryKey: BOARDS,
  queryFn: async ({ signal }) => (await get<Shape<'BoardList'>>('/api/boards', {}, signal)).boards,
})

export const readBoard = (id: string, signal?: AbortSignal) => get<Board>(route`/api/boards/${id}`, {}, signal)

export const board = (id: string) =>
  queryOptions({
    queryKey: [...BOARDS, id],
    queryFn: ({ signal }) => readBoard(id, signal),
  })

export type BoardSaid = Pick<Board, 'name' | 'description' | 'period' | 'segment' | 'cards'>

export const saveBoard = (id: string, { name, description, period, segment, cards }: BoardSaid, on: number) =>
  put<Board>(route`/api/boards/${id}`, { name, description, period, segment, cards, based_on: on })
export const deleteBoard = (id: string) => remove(route`/api/boards/${id}`)
export const restoreBoard = (id: string) => post<Board>(route`/api/boards/${id}/restore`, {})

/** An id of its own for something new: what it is called, and enough chance that no two are the same. */
export const newId = (slug: string) => `${slug.slice(0, 80)}-${Math.random().toString(36).slice(2, 8)}`.replace(/^-/, '')
