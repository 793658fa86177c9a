import {
  Cake,
  CalendarClock,
  CalendarDays,
  CalendarSync,
  Clock,
  Flag,
  Hourglass,
  LogOut,
  Mail,
  Megaphone,
  MessageSquare,
  Plug,
  Shuffle,
  Signpost,
  Split,
  UserPen,
  Users,
  Webhook,
  Zap,
  type LucideIcon,
} from 'lucide-react'
import { Tile, type Tone } from '~/parts/Tile'

const LOOKS: Record<string, [LucideIcon, Tone, string]> = {
  trigger: [Zap, 'ink', 'Trigger'],
  dates: [CalendarDays, 'ink', 'On dates'],
  recurring: [CalendarSync, 'ink', 'Again and again'],
  date_trait: [Cake, 'ink', 'On their day'],
  segment_change: [Users, 'ink', 'Segment entered or left'],
  business_event: [Megaphone, 'ink', 'Something happened'],
  api: [Plug, 'ink', 'Called by API'],
  wait: [Clock, 'warn', 'Wait'],
  wait_until: [Clock, 'warn', 'Wait until a time'],
  wait_until_date: [CalendarClock, 'warn', 'Wait until a date'],
  until: [Hourglass, 'warn', 'Wait for an event'],
  branch: [Split, 'warn', 'Branch'],
  split: [Shuffle, 'warn', 'Split'],
  update_trait: [UserPen, 'plain', 'Change a trait'],
  enter_journey: [Signpost, 'plain', 'Enter a journey'],
  webhook: [Webhook, 'accent', 'Webhook'],
  send: [Mail, 'accent', 'Message'],
  goal: [Flag, 'good', 'Goal'],
  exit: [LogOut, 'plain', 'Exit'],
}

const OTHER: [LucideIcon, Tone, string] = [MessageSquare, 'plain', 'Step']

/** The icon of a step, coloured by family: ink trigger, amber logic, cobalt message, green goal, grey end. */
export function StepTile({ type, size }: { type: string; size?: number }) {
  const [Icon, tone] = LOOKS[type] ?? OTHER
  return (
    <Tile tone={tone} {...(size ? { size } : {})}>
      <Icon size={14} aria-hidden="true" />
    </Tile>
  )
}

export const stepKind = (type: string) => (LOOKS[type] ?? OTHER)[2]
