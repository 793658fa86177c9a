import {
  CalendarClock,
  Clock,
  Flag,
  Hourglass,
  LogOut,
  Mail,
  MessageSquare,
  Shuffle,
  Split,
  UserPen,
  Zap,
  type LucideIcon,
} from 'lucide-react'
import { Tile, type Tone } from '~/parts/Tile'

const LOOKS: Record<string, [LucideIcon, Tone, string]> = {
  trigger: [Zap, 'ink', 'Trigger'],
  wait: [Clock, 'warn', 'Wait'],
  wait_until: [Clock, 'warn', 'Wait until a time'],
  wait_until_date: [CalendarClock, 'warn', 'Wait until a date'],
  until: [Hourglass, 'warn', 'Wait for an event'],
  branch: [Split, 'warn', 'Branch'],
  split: [Shuffle, 'warn', 'Split'],
  update_trait: [UserPen, 'plain', 'Change a trait'],
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
