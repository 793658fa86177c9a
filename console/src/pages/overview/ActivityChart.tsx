import { type PointerEvent, useState } from 'react'
import type { ActivityDay } from '~/api/types'
import { niceTicks } from '~/parts/scale'
import { t } from '~/words/language'
import { bucketDay } from '~/words/moments'
import { compact, count } from '~/words/numbers'
import type { Measure } from './ActivityCard'
import styles from './ActivityCard.module.css'

const LEFT = 40
const TOP = 14
const BOTTOM = 26
const LABEL_EVERY_DAYS = 14
/** A day's label, and some air. */
const LABEL_WIDTH = 64

interface Props {
  days: ActivityDay[]
  measure: Measure
  width: number
  height: number
}

export function ActivityChart({ days, measure, width, height }: Props) {
  const [at, setAt] = useState<number | null>(null)
  const ticks = niceTicks(Math.max(1, ...days.map((day) => day[measure])))
  const top = ticks.at(-1) ?? 1
  const step = (width - LEFT) / Math.max(1, days.length)
  const every = LABEL_EVERY_DAYS * (step * LABEL_EVERY_DAYS < LABEL_WIDTH ? 2 : 1)
  const y = (value: number) => height - BOTTOM - (value / top) * (height - TOP - BOTTOM)
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const i = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / step)
    setAt(i >= 0 && i < days.length ? i : null)
  }
  const pointed = at === null ? undefined : days[at]
  return (
    <>
      <svg
        className={styles.chart}
        width={width}
        height={height}
        role="img"
        aria-label={inWords(days, measure)}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
      >
        <defs>
          <pattern id="unfinished" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="5" height="5" fill="var(--accent-soft)" />
            <rect width="2" height="5" fill="var(--c-1)" />
          </pattern>
        </defs>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={styles.grid} x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text className={styles.axis} x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {compact(tick)}
            </text>
          </g>
        ))}
        {days.map((day, i) => (
          <Bar key={day.start} x={LEFT + i * step} y={y(day[measure])} base={y(0)} step={step} last={i === days.length - 1} dim={at !== null && at !== i} />
        ))}
        {days.map((day, i) =>
          (days.length - 1 - i) % every === 0 ? (
            <text key={day.start} className={styles.axis} x={i === days.length - 1 ? width : LEFT + (i + 0.5) * step} y={height - 8} textAnchor={i === days.length - 1 ? 'end' : 'middle'}>
              {bucketDay(day.start)}
            </text>
          ) : null,
        )}
      </svg>
      {pointed && at !== null && (
        <div className={styles.tip} style={{ insetInlineStart: Math.min(LEFT + at * step + 12, width - 150) }}>
          <div>
            {bucketDay(pointed.start)}
            {at === days.length - 1 ? t(', so far') : ''}
          </div>
          <div>
            {t('People')} <b>{count(pointed.people)}</b>
          </div>
          <div>
            {t('Events')} <b>{count(pointed.events)}</b>
          </div>
        </div>
      )}
    </>
  )
}

interface BarProps {
  x: number
  y: number
  base: number
  step: number
  last: boolean
  dim: boolean
}

function Bar({ x, y, base, step, last, dim }: BarProps) {
  const gap = Math.min(4, step * 0.22)
  const height = Math.max(0, base - y)
  return (
    <rect
      className={styles.bar}
      data-dim={dim || undefined}
      x={x + gap / 2}
      y={y}
      width={Math.max(1, step - gap)}
      height={height}
      rx={Math.min(2, height)}
      style={last ? { fill: 'url(#unfinished)' } : undefined}
    />
  )
}

function inWords(days: ActivityDay[], measure: Measure): string {
  const whole = days.slice(0, -1)
  const values = whole.map((day) => day[measure])
  const first = whole[0]
  if (!first || values.length === 0) return measure === 'events' ? t('No events yet') : t('No people yet')
  const mean = values.reduce((total, value) => total + value, 0) / values.length
  const said = { since: bucketDay(first.start), mean: count(mean), least: count(Math.min(...values)), most: count(Math.max(...values)), today: count(days.at(-1)?.[measure] ?? 0) }
  return measure === 'events'
    ? t('Bars of events a day since {{since}}: {{mean}} on average, from {{least}} to {{most}}. Today so far: {{today}}.', said)
    : t('Bars of people a day since {{since}}: {{mean}} on average, from {{least}} to {{most}}. Today so far: {{today}}.', said)
}
