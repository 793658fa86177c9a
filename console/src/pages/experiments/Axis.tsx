import { signed } from '~/words/numbers'
import { coarseMoney } from './amounts'
import { reachOf } from './EffectBar'
import styles from './Experiments.module.css'
import type { Found, Metric } from './trials'

/** What a character takes at most at this size, and what lies between two texts at least. */
const CHARACTER = 6.6
const APART = 10

/** The ends of an interval's scale and its zero, under the bars that share it. */
export function Axis({ found, metric, currency, width = 150, range = reachOf([found]) }: { found: Found; metric: Metric; currency: string; width?: number; range?: [number, number] }) {
  const [low, high] = range
  const x = (value: number) => 4 + ((value - low) / (high - low)) * (width - 8)
  // Zero matters most: an end that would run into it is left out.
  const ends = [low, high].map((end) => ({ end, text: written(end, metric, currency) })).filter(({ end, text }) => Math.abs(x(end) - x(0)) > text.length * CHARACTER + APART)
  return (
    <svg width={width} height="14" className={styles.axis} aria-hidden="true">
      <text x={Math.min(width - 6, Math.max(6, x(0)))} y="11" textAnchor="middle">
        0
      </text>
      {ends.map(({ end, text }) => (
        <text key={end} x={end === low ? 2 : width - 2} y="11" textAnchor={end === low ? 'start' : 'end'}>
          {text}
        </text>
      ))}
    </svg>
  )
}

function written(value: number, metric: Metric, currency: string): string {
  if (metric.measure === 'did') return signed(value * 100, Math.abs(value) < 0.1 ? 1 : 0)
  if (metric.is_money) return coarseMoney(value, currency)
  return signed(value, 2)
}
