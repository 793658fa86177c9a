import { useElementSize } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { percent } from '~/words/numbers'
import styles from './FunnelPicture.module.css'

export interface FunnelStep {
  name: string
  share: number
  /** What stands under the bar: how many, how many were lost, how long it took. */
  below: ReactNode
}

const HEIGHT = 200
const TOP = 22
const BAR = 0.52

/** Bars as high as the share that came so far, with a pale ribbon to the next for those who were lost between. */
export function FunnelPicture({ steps, label }: { steps: FunnelStep[]; label: string }) {
  const { ref, width } = useElementSize()
  const column = width / steps.length
  const bar = Math.min(110, column * BAR)
  const y = (share: number) => TOP + (HEIGHT - TOP) * (1 - share)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      <div ref={ref} className={styles.funnel} style={{ minInlineSize: steps.length * 118 }}>
        <svg width={width} height={HEIGHT + 1} aria-hidden="true">
          {steps.map(({ share }, i) => {
            const next = steps[i + 1]
            const x = i * column
            const bend = (column - bar) / 2
            return (
              <g key={i}>
                {next && (
                  <path
                    className={styles.ribbon}
                    d={`M${x + bar} ${y(share)}C${x + bar + bend} ${y(share)} ${x + column - bend} ${y(next.share)} ${x + column} ${y(next.share)}V${HEIGHT}H${x + bar}Z`}
                  />
                )}
                <rect className={styles.bar} x={x} y={y(share)} width={bar} height={Math.max(0, HEIGHT - y(share))} />
                <text className={styles.share} x={x} y={y(share) - 6}>
                  {percent(share)}
                </text>
              </g>
            )
          })}
          <line className={styles.floor} x1="0" x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
        </svg>
        <ol className={styles.steps} style={{ gridTemplateColumns: `repeat(${steps.length}, minmax(0, 1fr))` }}>
          {steps.map(({ name, share, below }, i) => (
            <li key={i}>
              <span className={styles.name} title={name}>
                {i + 1}. {name}
              </span>
              <span className="unseen">{percent(share)}</span>
              {below}
            </li>
          ))}
        </ol>
      </div>
    </div>
  )
}
