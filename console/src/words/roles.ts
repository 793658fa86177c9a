import type { Permission } from '~/api/may'
import { t } from './language'

const ROLES: Record<string, [name: () => string, about: () => string]> = {
  owner: [() => t('Owner'), () => t('May do everything, and make other owners.')],
  admin: [() => t('Admin'), () => t('May do everything but make owners and unmake them.')],
  marketer: [() => t('Marketer'), () => t('Builds and publishes journeys, campaigns and their content.')],
  analyst: [() => t('Analyst'), () => t('Asks everything, brings data in, and publishes nothing.')],
  agent: [() => t('Agent'), () => t('Sees people and changes what is known of them, for support.')],
  viewer: [() => t('Viewer'), () => t('Sees results, no person’s data, and changes nothing.')],
}

export const roleName = (role: string): string => ROLES[role]?.[0]() ?? role
export const roleAbout = (role: string): string => ROLES[role]?.[1]() ?? ''

const PERMISSIONS: Record<Permission, () => string> = {
  read: () => t('See everything but what needs more'),
  'people:read': () => t('See people, their addresses and messages'),
  'people:write': () => t('Change people: traits, consent, suppressions'),
  'people:erase': () => t('Erase people, and hand out what is held of them'),
  sql: () => t('Ask by SQL, and export everything'),
  'analyses:write': () => t('Keep segments, insights and boards'),
  'content:write': () => t('Keep templates, blocks, catalogues and coupons'),
  'decisions:write': () => t('Draft and simulate journeys, campaigns and experiments'),
  'decisions:publish': () => t('Publish, pause, resume and stop them, and send'),
  approve: () => t('Approve what waits for a second person'),
  'data:write': () => t('Bring data in, and keep write keys'),
  'settings:write': () => t('Change settings, channels and API keys'),
  'accounts:write': () => t('Invite people and give them roles'),
  'audit:read': () => t('See who changed what'),
}

/** What a permission lets somebody do, in words. */
export const permissionWords = (permission: string): string => PERMISSIONS[permission as Permission]?.() ?? permission
