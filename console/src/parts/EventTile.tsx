import {
  ArrowLeftRight, BadgeCheck, CircleAlert, Eye, Link2, LogOut, Mail, MailOpen, MailX, MousePointerClick, Search, ShoppingBag,
  ShoppingCart, Smartphone, Star, UserRound, Waypoints, Zap, type LucideIcon,
} from 'lucide-react'
import type { Family } from '~/words/happenings'
import { type Tone, Tile } from './Tile'

const LOOKS: Record<Family, [LucideIcon, Tone]> = {
  cart: [ShoppingCart, 'warn'],
  order: [ShoppingBag, 'good'],
  view: [Eye, 'plain'],
  message: [Mail, 'accent'],
  opened: [MailOpen, 'accent'],
  clicked: [MousePointerClick, 'accent'],
  withheld: [MailX, 'plain'],
  failed: [CircleAlert, 'bad'],
  journey: [Waypoints, 'accent'],
  left: [LogOut, 'plain'],
  person: [UserRound, 'plain'],
  session: [Smartphone, 'plain'],
  search: [Search, 'plain'],
  consent: [BadgeCheck, 'plain'],
  link: [Link2, 'plain'],
  star: [Star, 'plain'],
  other: [Zap, 'plain'],
}

/** The icon of an event's family. Decoration: the verb beside it says the same in words. */
export function EventTile({ family }: { family: Family }) {
  const [Icon, tone] = LOOKS[family] ?? [ArrowLeftRight, 'plain']
  return (
    <Tile tone={tone}>
      <Icon size={14} aria-hidden="true" />
    </Tile>
  )
}
