import type { Effect } from '~/api/types'
import { t } from '~/words/language'
import { points, signed } from '~/words/numbers'
import styles from './Interval.module.css'

/** Clear of zero it is good or bad; crossing zero it is neither. */
export function leaning(effect: Effect): 'good' | 'bad' | 'neutral' {
  if (effect.status === 'inconclusive') return 'neutral'
  if (effect.low > 0) return 'good'
  return effect.high < 0 ? 'bad' : 'neutral'
}

/** A range that holds every interval and zero, with a little air, so that rows can be compared. */
export function sharedRange(effects: (Effect | undefined)[]): [number, number] {
  const ends = effects.flatMap((effect) => (effect?.status === 'estimated' ? [effect.low, effect.high] : []))
  const low = Math.min(0, ...ends)
  const high = Math.max(0, ...ends)
  const air = (high - low || 1) * 0.08
  return [low - air, high + air]
}

interface Props {
  effect: Effect
  range: [number, number]
  width?: number
  label?: string
  /** Whether more of it is worse: good and bad change places. */
  worse?: boolean
  /** Whether it may be chance all the same, such as among many that were compared. */
  unsure?: boolean
}

const TURNED = { good: 'bad', bad: 'good', neutral: 'neutral' } as const

/** The 95% interval as a bar, its estimate as a dot, zero as a dashed line. */
export function Interval({ effect, range, width = 150, label, worse = false, unsure = false }: Props) {
  if (effect.status === 'inconclusive') return <span className="faint">{t('Too early to say')}</span>
  const [low, high] = range
  const lean = unsure ? 'neutral' : leaning(effect)
  const x = (value: number) => 4 + ((value - low) / (high - low)) * (width - 8)
  const words = t('{{points}}, interval {{low}} to {{high}}', { points: points(effect.difference), low: signed(effect.low * 100), high: signed(effect.high * 100) })
  return (
    <svg className={styles.interval} data-leaning={worse ? TURNED[lean] : lean} width={width} height="20" role="img" aria-label={label ?? words}>
      <line className={styles.zero} x1={x(0)} x2={x(0)} y1="2" y2="18" />
      <rect className={styles.band} x={x(effect.low)} width={Math.max(2, x(effect.high) - x(effect.low))} y="7.5" height="5" rx="2.5" />
      <circle className={styles.dot} cx={x(effect.difference)} cy="10" r="4" />
    </svg>
  )
}
