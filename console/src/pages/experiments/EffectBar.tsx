import { Interval } from '~/parts/Interval'
import type { Effect } from '~/api/types'
import type { Estimated, Found } from './trials'

/** A range that holds every interval and zero, with a little air. */
export function reachOf(all: Found[], nothing = 0): [number, number] {
  const ends = all.flatMap((found) => (found.status === 'estimated' ? [found.low, found.high] : []))
  const low = Math.min(nothing, ...ends)
  const high = Math.max(nothing, ...ends)
  const air = (high - low || 1) * 0.08
  return [low - air, high + air]
}

interface Props {
  found: Estimated
  /** Whether more of it is worse, as of a guardrail. */
  worse: boolean
  /** Whether it may be chance all the same, though zero lies outside. */
  unsure?: boolean
  label: string
  range?: [number, number]
  width?: number
}

/** The interval of an effect. Of a guardrail it is turned about for its colour, never for its place. */
export function EffectBar({ found, worse, unsure = false, label, range = reachOf([found]), width = 150 }: Props) {
  const effect: Effect = { status: 'estimated', difference: found.value, low: found.low, high: found.high, confidence: found.confidence, relative: null }
  return <Interval effect={effect} range={range} width={width} label={label} worse={worse} unsure={unsure} />
}
