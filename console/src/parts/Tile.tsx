import type { ReactNode } from 'react'
import styles from './Tile.module.css'

export type Tone = 'plain' | 'accent' | 'good' | 'bad' | 'warn' | 'ink'

export function Tile({ tone, size = 26, children }: { tone: Tone; size?: number; children: ReactNode }) {
  return (
    <span className={styles.tile} data-tone={tone} style={{ inlineSize: size, blockSize: size }}>
      {children}
    </span>
  )
}
