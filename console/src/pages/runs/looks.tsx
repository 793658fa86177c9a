import { Clock, Hourglass, LogOut, Mail, MessageSquare, Split, Zap, type LucideIcon } from 'lucide-react'
import { Tile, type Tone } from '~/parts/Tile'

const LOOKS: Record<string, [LucideIcon, Tone, string]> = {
  trigger: [Zap, 'ink', 'Trigger'],
  wait: [Clock, 'warn', 'Wait'],
  until: [Hourglass, 'warn', 'Wait for an event'],
  branch: [Split, 'warn', 'Branch'],
  send: [Mail, 'accent', 'Message'],
  exit: [LogOut, 'plain', 'Exit'],
}

const OTHER: [LucideIcon, Tone, string] = [MessageSquare, 'plain', 'Step']

/** The icon of a step, coloured by family: ink trigger, amber logic, cobalt message, grey end. */
export function StepTile({ type, size }: { type: string; size?: number }) {
  const [Icon, tone] = LOOKS[type] ?? OTHER
  return (
    <Tile tone={tone} {...(size ? { size } : {})}>
      <Icon size={14} aria-hidden="true" />
    </Tile>
  )
}

export const stepKind = (type: string) => (LOOKS[type] ?? OTHER)[2]
