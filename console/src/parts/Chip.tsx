import type { ReactNode } from 'react'
import { t } from '~/words/language'
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
  live: ['good', t('live')],
  running: ['good', t('live')],
  active: ['good', t('live')],
  paused: ['warn', t('paused')],
  stopped: ['plain', t('stopped')],
  archived: ['plain', t('archived')],
  draft: ['accent', t('draft')],
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

export const isLive = (state: string) => STATES[state]?.[0] === 'good'
