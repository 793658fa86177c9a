import { useMemo } from 'react'
import { LOCALE, t } from '~/words/language'
import { wall } from '~/words/moments'
import styles from './Composer.module.css'
import type { Outlook } from './questions'

const MONTHS_MOST = 4
const monthName = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const dayName = new Intl.DateTimeFormat(LOCALE, { weekday: 'narrow', timeZone: 'UTC' })
const MONDAY = Date.UTC(1970, 0, 5)
const DAY_MS = 86_400_000

/** The next times of a schedule, drawn in the months they are in, and said one by one. */
export function Coming({ coming }: { coming: Outlook['coming'] }) {
  const months = useMemo(() => monthsOf(coming.map((each) => each.wall)), [coming])
  if (coming.length === 0) return null
  return (
    <section className={styles.coming}>
      <h3>{t('The next times')}</h3>
      <div className={styles.months} aria-hidden="true">
        {months.slice(0, MONTHS_MOST).map((month) => (
          <div key={month.key} className={styles.month}>
            <b>{monthName.format(month.first)}</b>
            <div className={styles.days}>
              {Array.from({ length: 7 }, (_, i) => (
                <i key={`name ${i}`}>{dayName.format(MONDAY + i * DAY_MS)}</i>
              ))}
              {Array.from({ length: month.before }, (_, i) => (
                <span key={`before ${i}`} />
              ))}
              {Array.from({ length: month.days }, (_, i) => (
                <span key={i + 1} data-on={month.on.has(i + 1) || undefined}>
                  {i + 1}
                </span>
              ))}
            </div>
          </div>
        ))}
      </div>
      <ol aria-label={t('The next times')} className={styles.times}>
        {coming.map((each) => (
          <li key={each.wall}>{wall(each.wall)}</li>
        ))}
      </ol>
    </section>
  )
}

interface Month {
  key: string
  first: Date
  /** How many days of its first week are of the month before. */
  before: number
  days: number
  on: Set<number>
}

/** The months that times of a clock without a zone are in, soonest first. */
export function monthsOf(walls: string[]): Month[] {
  const found = new Map<string, Month>()
  for (const text of walls) {
    const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number]
    const key = text.slice(0, 7)
    const first = new Date(Date.UTC(year, month - 1, 1))
    const there = found.get(key) ?? { key, first, before: (first.getUTCDay() + 6) % 7, days: new Date(Date.UTC(year, month, 0)).getUTCDate(), on: new Set<number>() }
    there.on.add(day)
    found.set(key, there)
  }
  return [...found.values()]
}
