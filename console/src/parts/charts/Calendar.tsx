import styles from './Calendar.module.css'

export interface CalendarDay {
  /** Such as 2026-11-22. */
  date: string
  value: number | null
  /** The day and its number in full, for the pointer. */
  words: string
  /** Not over yet: hatched. */
  open: boolean
}

interface Props {
  days: CalendarDay[]
  label: string
  weekdays: string[]
  monthOf: (date: string) => string
  pick: (index: number) => void
}

const CELL = 18
const GAP = 3
const LEFT = 34
const TOP = 18
const DAY_MS = 86_400_000

/** 0 on Monday. */
const weekday = (date: string) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7

/** A day a square, a week a column: which days of the week, and which weeks, are strong. */
export function Calendar({ days, label, weekdays, monthOf, pick }: Props) {
  const first = days[0]
  if (!first) return null
  const monday = new Date(`${first.date}T00:00:00Z`).getTime() - weekday(first.date) * DAY_MS
  const column = (date: string) => Math.floor((new Date(`${date}T00:00:00Z`).getTime() - monday) / DAY_MS / 7)
  // A day that is not over yet may be anything; the others are held against each other.
  const most = Math.max(0, ...days.filter(({ open }) => !open).map(({ value }) => value ?? 0))
  const width = LEFT + (column(days.at(-1)!.date) + 1) * (CELL + GAP)
  const months = days.filter(({ date }, i) => date.endsWith('-01') || i === 0)
  // The first month has no room for its name where the second begins right after it.
  const named = months.filter(({ date }, i) => i > 0 || months.length < 2 || column(months[1]!.date) - column(date) > 1)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      <svg width={width} height={TOP + 7 * (CELL + GAP)} role="img" aria-label={label}>
        <defs>
          <pattern id="calendar-open" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
            <rect className={styles.hatch} width="3" height="6" />
          </pattern>
        </defs>
        {named.map(({ date }) => (
          <text key={date} className={styles.axis} x={LEFT + column(date) * (CELL + GAP)} y={TOP - 7}>
            {monthOf(date)}
          </text>
        ))}
        {weekdays.map((name, i) => i % 2 === 0 && (
          <text key={name} className={styles.axis} x="0" y={TOP + i * (CELL + GAP) + CELL - 5}>
            {name}
          </text>
        ))}
        {days.map(({ date, value, words, open }, i) => {
          const place = { x: LEFT + column(date) * (CELL + GAP), y: TOP + weekday(date) * (CELL + GAP), width: CELL, height: CELL, rx: 4 }
          return (
            <g key={date} className={styles.day} onClick={() => pick(i)}>
              <title>{words}</title>
              <rect {...place} className={styles.cell} data-none={value === null || undefined} style={{ '--heat': most > 0 ? Math.min(1, (value ?? 0) / most) : 0 } as React.CSSProperties} />
              {open && <rect {...place} fill="url(#calendar-open)" />}
            </g>
          )
        })}
      </svg>
    </div>
  )
}
