import { useQuery } from '@tanstack/react-query'
import { session } from './queries'

/** What a caller can be allowed; the table is in the reference of accounts. */
export type Permission =
  | 'read'
  | 'people:read'
  | 'people:write'
  | 'people:erase'
  | 'sql'
  | 'analyses:write'
  | 'content:write'
  | 'decisions:write'
  | 'decisions:publish'
  | 'approve'
  | 'data:write'
  | 'settings:write'
  | 'accounts:write'
  | 'audit:read'

/** Whether the reader may do something. The server decides; this only spares them a control that it would refuse. */
export function useMay(): (permission: Permission) => boolean {
  const { data } = useQuery(session)
  return (permission) => data?.permissions?.includes(permission) ?? false
}
