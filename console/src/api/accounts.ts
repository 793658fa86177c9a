/** Who works here, by what role, and what people change of their own account. */

import { queryOptions } from '@tanstack/react-query'
import { get, post, put, remove, route } from './client'
import type { Permission } from './may'
import type { Shape } from './shape'
import type { Session } from './types'

export type Account = Shape<'AccountShape'>
export type Browser = Shape<'BrowserShape'>
export type Role = 'owner' | 'admin' | 'marketer' | 'analyst' | 'agent' | 'viewer'

/** From the one who may do most to the one who may do least. */
export const ROLES: Role[] = ['owner', 'admin', 'marketer', 'analyst', 'agent', 'viewer']

export const PERMISSIONS: Permission[] = [
  'read', 'people:read', 'people:write', 'people:erase', 'sql', 'analyses:write', 'content:write', 'decisions:write', 'decisions:publish', 'approve', 'data:write', 'settings:write',
  'accounts:write', 'audit:read',
]

export const methods = queryOptions({
  queryKey: ['session', 'methods'],
  queryFn: ({ signal }) => get<Shape<'MethodsShape'>>('/session/methods', {}, signal),
  staleTime: 60_000,
})

export interface Credentials {
  email: string
  password: string
  code?: string
}

export const signIn = (credentials: Credentials | { key: string }) => post<Session>('/session', credentials)

/** What a link is for, and for whom. */
export const link = (token: string) =>
  queryOptions({
    queryKey: ['link', token],
    queryFn: ({ signal }) => post<{ purpose: 'first' | 'invitation' | 'reset'; email: string }>('/session/link', { token }, signal),
    staleTime: Infinity,
    retry: false,
  })

export const accounts = queryOptions({
  queryKey: ['accounts'],
  queryFn: async ({ signal }) => (await get<{ accounts: Account[] }>('/api/accounts', {}, signal)).accounts,
})

export const invite = (email: string, role: string) => post<Shape<'LinkTo'>>('/api/accounts/invitations', { email, role })
export const changeAccount = (id: string, wish: { role?: string; state?: 'active' | 'disabled' }) => put<Account>(route`/api/accounts/${id}`, wish)
export const removeAccount = (id: string) => remove<null>(route`/api/accounts/${id}`)
export const resetLink = (id: string) => post<Shape<'LinkTo'>>(route`/api/accounts/${id}/reset`)
export const withoutSecondFactor = (id: string) => remove<Account>(route`/api/accounts/${id}/two-factor`)

/** Where somebody is signed in; nobody named: oneself. */
export const browsers = (id: string | null) =>
  queryOptions({
    queryKey: ['browsers', id],
    queryFn: async ({ signal }) => (await get<{ sessions: Browser[] }>(id === null ? '/api/me/sessions' : route`/api/accounts/${id}/sessions`, {}, signal)).sessions,
    refetchInterval: 15_000,
  })

export const endBrowser = (id: string | null, session: string) =>
  remove<null>(id === null ? route`/api/me/sessions/${session}` : route`/api/accounts/${id}/sessions/${session}`)
/** Of oneself: all but this one. */
export const endBrowsers = (id: string | null) => remove<null>(id === null ? '/api/me/sessions' : route`/api/accounts/${id}/sessions`)

export const me = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Shape<'MeShape'>>('/api/me', {}, signal),
})

export const changeMe = (wish: { name?: string; language?: string; password?: { current: string; new: string } }) => put<Shape<'MeShape'>>('/api/me', wish)
export const beginSecondFactor = () => post<Shape<'SecondFactorShape'>>('/api/me/two-factor')
export const confirmSecondFactor = (code: string) => put<Shape<'MeShape'>>('/api/me/two-factor', { code })
export const removeSecondFactor = (password: string) => post<Shape<'MeShape'>>('/api/me/two-factor/removal', { password })
