import type { ReactNode } from 'react'
import styles from './Chip.module.css'

export type ChipTone = 'plain' | 'good' | 'bad' | 'warn' | 'accent'

export function Chip({ tone = 'plain', dot = false, children }: { tone?: ChipTone; dot?: boolean; children: ReactNode }) {
  return (
    <span className={styles.chip} data-tone={tone} data-dot={dot || undefined}>
      {children}
    </span>
  )
}

const STATES: Record<string, [ChipTone, string]> = {
  live: ['good', 'live'],
  running: ['good', 'live'],
  active: ['good', 'live'],
  paused: ['warn', 'paused'],
  stopped: ['plain', 'stopped'],
  archived: ['plain', 'archived'],
  draft: ['accent', 'draft'],
}

/** The state of a journey or campaign: a dot and a word. */
export function StateChip({ state, version }: { state: string; version?: number }) {
  const [tone, word] = STATES[state] ?? ['plain', state]
  return (
    <Chip tone={tone as ChipTone} dot>
      {version === undefined ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}, v${version}`}
    </Chip>
  )
}

export const isLive = (state: string) => STATES[state]?.[1] === 'live'
