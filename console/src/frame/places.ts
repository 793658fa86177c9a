import { ChartLine, Database, History, Hourglass, FlaskConical, Funnel, Grid3x3, Inbox, LayoutDashboard, LayoutGrid, type LucideIcon, RadioTower, Send, Settings, Shapes, Truck, Users, Waypoints } from 'lucide-react'
import type { Permission } from '~/api/may'
import { t } from '~/words/language'

export interface Place {
  to: '/' | '/mailbox' | '/people' | '/segments' | '/insights' | '/rfm' | '/boards' | '/journeys' | '/campaigns' | '/experiments' | '/content' | '/delivery' | '/data' | '/channels' | '/approvals' | '/audit' | '/settings'
  label: string
  icon: LucideIcon
  /** What one must be allowed to see it. */
  needs?: Permission
}

/** The navigation, by intent. Only what exists is listed. */
export const PLACES: { heading: string | null; places: Place[] }[] = [
  {
    heading: null,
    places: [
      { to: '/', label: t('Overview'), icon: LayoutDashboard },
      { to: '/mailbox', needs: 'people:read', label: t('Mailbox'), icon: Inbox },
    ],
  },
  {
    heading: t('Understand'),
    places: [
      { to: '/people', needs: 'people:read', label: t('People'), icon: Users },
      { to: '/segments', label: t('Segments'), icon: Funnel },
      { to: '/insights', label: t('Insights'), icon: ChartLine },
      { to: '/rfm', label: t('RFM grid'), icon: Grid3x3 },
      { to: '/boards', label: t('Boards'), icon: LayoutGrid },
    ],
  },
  {
    heading: t('Act'),
    places: [
      { to: '/journeys', label: t('Journeys'), icon: Waypoints },
      { to: '/campaigns', label: t('Campaigns'), icon: Send },
      { to: '/experiments', label: t('Experiments'), icon: FlaskConical },
      { to: '/content', label: t('Content'), icon: Shapes },
      { to: '/approvals', label: t('Approvals'), icon: Hourglass },
      { to: '/delivery', label: t('Delivery'), icon: Truck },
    ],
  },
  {
    heading: t('Set up'),
    places: [
      { to: '/data', label: t('Data'), icon: Database },
      { to: '/channels', label: t('Channels'), icon: RadioTower },
      { to: '/audit', needs: 'audit:read', label: t('Audit log'), icon: History },
      { to: '/settings', label: t('Settings'), icon: Settings },
    ],
  },
]
