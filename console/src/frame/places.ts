import { ChartLine, Database, FlaskConical, Funnel, Grid3x3, Inbox, LayoutDashboard, type LucideIcon, RadioTower, Send, Shapes, Truck, Users, Waypoints } from 'lucide-react'

export interface Place {
  to: '/' | '/mailbox' | '/people' | '/segments' | '/insights' | '/rfm' | '/journeys' | '/campaigns' | '/experiments' | '/content' | '/delivery' | '/data' | '/channels'
  label: string
  icon: LucideIcon
}

/** The navigation, by intent. Only what exists is listed. */
export const PLACES: { heading: string | null; places: Place[] }[] = [
  {
    heading: null,
    places: [
      { to: '/', label: 'Overview', icon: LayoutDashboard },
      { to: '/mailbox', label: 'Mailbox', icon: Inbox },
    ],
  },
  {
    heading: 'Understand',
    places: [
      { to: '/people', label: 'People', icon: Users },
      { to: '/segments', label: 'Segments', icon: Funnel },
      { to: '/insights', label: 'Insights', icon: ChartLine },
      { to: '/rfm', label: 'RFM grid', icon: Grid3x3 },
    ],
  },
  {
    heading: 'Act',
    places: [
      { to: '/journeys', label: 'Journeys', icon: Waypoints },
      { to: '/campaigns', label: 'Campaigns', icon: Send },
      { to: '/experiments', label: 'Experiments', icon: FlaskConical },
      { to: '/content', label: 'Content', icon: Shapes },
      { to: '/delivery', label: 'Delivery', icon: Truck },
    ],
  },
  {
    heading: 'Set up',
    places: [
      { to: '/data', label: 'Data', icon: Database },
      { to: '/channels', label: 'Channels', icon: RadioTower },
    ],
  },
]
