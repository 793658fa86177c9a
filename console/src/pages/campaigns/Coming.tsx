import { useMemo } from 'react'
import { LOCALE, t } from '~/words/language'
import { wall } from '~/words/moments'
import styles from './Composer.module.css'
import type { Outlook } from './questions'

const MONTHS_MOST = 4
const monthName = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayName = new Intl.DateTimeFormat(LOCALE, { weekday: 'narrow', timeZone: 'UTC' })
const MONDAY = Date.UTC(1970, 0, 5)
const DAY_MS = 86_400_000

/** The next times of a schedule, drawn in the months they are in beside days off, and said one by one. */
export function Coming({ coming, marked }: Pick<Outlook, 'coming' | 'marked'>) {
  const months = useMemo(() => monthsOf(coming.map((each) => each.wall)), [coming])
  if (coming.length === 0) return null
  const drawn = months.slice(0, MONTHS_MOST)
    // What was before the first of them matters to nobody.
  const told = marked.filter(({ day }) => day >= coming[0]!.wall.slice(0, 10) && drawn.some(({ key }) => day.startsWith(key)))
  const off = new Set(told.map(({ day }) => day))
  return (
    <section className={styles.coming}>
      <h3>{t('The next times')}</h3>
      <div className={styles.months} aria-hidden="true">
        {drawn.map((month) => (
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
                <span key={i + 1} data-on={month.on.has(i + 1) || undefined} data-off={off.has(`${month.key}-${String(i + 1).padStart(2, '0')}`) || undefined}>
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
      {told.length > 0 && (
        <>
          <h3 className={styles.offHeading}>{t('Days off in these months')}</h3>
          <ul aria-label={t('Days off in these months')} className={styles.off}>
            {told.map((each) => (
              <li key={each.day}>
                <b>{dayMonth.format(new Date(`${each.day}T00:00Z`))}</b> <span>{offWords(each)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** "The business is closed; Christmas Day (DE, AT)." */
function offWords({ closed, holidays }: Outlook['marked'][number]): string {
  const byName = new Map<string, string[]>()
  for (const [country, name] of Object.entries(holidays)) byName.set(name, [...(byName.get(name) ?? []), country])
  return [...(closed ? [t('the business is closed')] : []), ...[...byName].map(([name, countries]) => `${name} (${countries.join(', ')})`)].join('; ')
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
