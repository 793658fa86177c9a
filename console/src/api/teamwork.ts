/** What people who work together leave for each other: questions, and what is done about them. */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { AwaitsApproval, get, post, put, remove, route } from './client'
import type { Shape } from './shape'

export type Approval = Shape<'ApprovalShape'>
export type AuditEntry = Shape<'AuditShape'>
export type Change = Shape<'ChangePlace'>
export type Comment = Shape<'CommentShape'>
export type Draft = Shape<'DraftShape'>
export type ThingKind = 'journey' | 'campaign' | 'segment' | 'template' | 'block' | 'experiment'
export type ApprovalState = Approval['state']

export const APPROVALS = ['approvals']

export const approvals = (state: ApprovalState | null) =>
  infiniteQueryOptions({
    queryKey: [...APPROVALS, 'list', state],
    queryFn: ({ signal, pageParam }) => get<Shape<'ApprovalPage'>>('/api/approvals', { state, before: pageParam, limit: 50 }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  })

/** What waits: few, and asked for on every page that could be about one of them. */
export const waiting = queryOptions({
  queryKey: [...APPROVALS, 'waiting'],
  queryFn: ({ signal }) => get<Shape<'ApprovalPage'>>('/api/approvals', { state: 'waiting', limit: 200 }, signal),
  refetchInterval: 15_000,
})

export const approvalRule = queryOptions({
  queryKey: [...APPROVALS, 'rule'],
  queryFn: ({ signal }) => get<Shape<'RuleShape'>>('/api/approvals/rule', {}, signal),
})

export const decide = (id: number, say: 'approve' | 'refuse' | 'withdraw', words: string) => post<Approval>(route`/api/approvals/${id}`, { say, words })
export const changeRule = (rule: 'none' | 'second_person') => put<Shape<'RuleShape'>>('/api/approvals/rule', { rule })

export interface AuditQuestion {
  who?: string | undefined
  kind?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

export const audit = (question: AuditQuestion) =>
  infiniteQueryOptions({
    queryKey: ['audit', question],
    queryFn: ({ signal, pageParam }) => get<Shape<'AuditPage'>>('/api/audit', { ...question, before: pageParam, limit: 100 }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  })

export const comments = (about: string) =>
  queryOptions({
    queryKey: ['comments', about],
    queryFn: ({ signal }) => get<Shape<'CommentList'>>('/api/comments', { about }, signal),
    refetchInterval: 30_000,
  })

export const sayComment = (about: string, text: string) => post<Comment>('/api/comments', { about, text })
export const changeComment = (id: number, change: { text?: string; resolved?: boolean }) => put<Comment>(route`/api/comments/${id}`, change)
export const dropComment = (id: number) => remove<null>(route`/api/comments/${id}`)

/** Saying that one is here is asking who else is. */
export const presence = (about: string) =>
  queryOptions({
    queryKey: ['presence', about],
    queryFn: ({ signal }) => post<Shape<'PresentShape'>>('/api/presence', { about }, signal),
    refetchInterval: (query) => (query.state.data?.again_seconds ?? 15) * 1000,
    retry: false,
  })

export { AwaitsApproval }
