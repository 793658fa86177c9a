import {
  BrainCircuit,
  Cake,
  CalendarClock,
  CalendarDays,
  CalendarSync,
  Clock,
  Flag,
  FlaskConical,
  Hourglass,
  LogOut,
  type LucideIcon,
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
} from 'lucide-react'
import { declared } from '~/words/declared'
import { capital } from '~/words/happenings'
import { t } from '~/words/language'
import { MediumIcon } from '~/parts/MediumIcon'
import { Tile, type Tone } from '~/parts/Tile'

const LOOKS: Record<string, [LucideIcon, Tone, () => string]> = {
  trigger: [Zap, 'ink', () => t('Trigger')],
  dates: [CalendarDays, 'ink', () => t('On dates')],
  recurring: [CalendarSync, 'ink', () => t('Again and again')],
  date_trait: [Cake, 'ink', () => t('On their day')],
  segment_change: [Users, 'ink', () => t('Segment entered or left')],
  business_event: [Megaphone, 'ink', () => t('Something happened')],
  api: [Plug, 'ink', () => t('Called by API')],
  wait: [Clock, 'warn', () => t('Wait')],
  wait_until: [Clock, 'warn', () => t('Wait until a time')],
  wait_until_date: [CalendarClock, 'warn', () => t('Wait until a date')],
  until: [Hourglass, 'warn', () => t('Wait for an event')],
  branch: [Split, 'warn', () => t('Branch')],
  split: [Shuffle, 'warn', () => t('Split')],
  adaptive: [BrainCircuit, 'warn', () => t('Adaptive paths')],
  experiment: [FlaskConical, 'warn', () => t('Experiment')],
  update_trait: [UserPen, 'plain', () => t('Change a trait')],
  enter_journey: [Signpost, 'plain', () => t('Enter a journey')],
  webhook: [Webhook, 'accent', () => t('Call a web address')],
  send: [Mail, 'accent', () => t('Message')],
  goal: [Flag, 'good', () => t('Goal')],
  exit: [LogOut, 'plain', () => t('Exit')],
}

/** The icon of a step, coloured by family: ink trigger, amber logic, cobalt message, green goal, grey end. Of what sends, its channel's. */
export function StepTile({ step: { type, channel }, size }: { step: { type: string; channel?: string }; size?: number }) {
  const [Icon, tone] = LOOKS[type] ?? [MessageSquare, 'plain']
  return (
    <Tile tone={tone} {...(size ? { size } : {})}>
      {channel ? <MediumIcon medium={channel} /> : <Icon size={14} aria-hidden="true" />}
    </Tile>
  )
}

export const stepIcon = (type: string): LucideIcon => LOOKS[type]?.[0] ?? MessageSquare

/** What a kind of step is called; one that this console was not told of, as the server calls it. */
export const stepKind = (type: string, label?: string) => LOOKS[type]?.[2]() ?? (label && declared(label)) ?? capital(type.replace(/_/g, ' '))

export function markWords(mark: 'added' | 'changed' | 'removed'): string {
  if (mark === 'added') return t('Added')
  return mark === 'removed' ? t('Removed') : t('Changed')
}
