/** Moments as the console writes them, in the reader's zone; the full moment with its zone is for the hover. */
import { counted, LOCALE, t } from './language'

/** English of no region puts the day first, as most of the world does. */
const MOMENTS = LOCALE === 'en' ? 'en-GB' : LOCALE


const day = new Intl.DateTimeFormat(MOMENTS, { day: 'numeric', month: 'short' })
const dayUtc = new Intl.DateTimeFormat(MOMENTS, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayYear = new Intl.DateTimeFormat(MOMENTS, { day: 'numeric', month: 'short', year: 'numeric' })
const weekday = new Intl.DateTimeFormat(MOMENTS, { weekday: 'long', day: 'numeric', month: 'long' })
const weekdayYear = new Intl.DateTimeFormat(MOMENTS, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const time = new Intl.DateTimeFormat(MOMENTS, { hourCycle: 'h23', hour: '2-digit', minute: '2-digit' })
const timeSeconds = new Intl.DateTimeFormat(MOMENTS, { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' })
const monthYear = new Intl.DateTimeFormat(MOMENTS, { month: 'short', year: 'numeric' })
const everything = new Intl.DateTimeFormat(MOMENTS, { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' })

const DAY_MS = 86_400_000
const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
const daysApart = (at: Date, now: Date) => Math.round((midnight(now) - midnight(at)) / DAY_MS)

export const clock = (moment: string | Date) => time.format(new Date(moment))
export const clockSeconds = (moment: string | Date) => timeSeconds.format(new Date(moment))
export const full = (moment: string) => everything.format(new Date(moment))
export const month = (moment: string) => monthYear.format(new Date(moment))

/** A daily bucket is a day in UTC, whatever the reader's zone. */
export const bucketDay = (moment: string) => dayUtc.format(new Date(moment))

export function shortDay(moment: string, now: Date): string {
  const at = new Date(moment)
  return (at.getFullYear() === now.getFullYear() ? day : dayYear).format(at)
}

/** "just now", "2 min ago", "3 h ago" today; the clock on other days is for `dayHeading` to place. */
export function ago(moment: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - new Date(moment).getTime()) / 1000)
  if (seconds < 5) return t('just now')
  if (seconds < 60) return t('{{amount}} s ago', { amount: Math.floor(seconds) })
  if (seconds < 3600) return t('{{amount}} min ago', { amount: Math.floor(seconds / 60) })
  if (seconds < 86_400) return t('{{amount}} h ago', { amount: Math.floor(seconds / 3600) })
  const days = Math.floor(seconds / 86_400)
  if (days < 7) return counted(days, '{{count}} day ago', '{{count}} days ago')
  return shortDay(moment, now)
}

export function dayHeading(moment: string, now: Date): string {
  const at = new Date(moment)
  const days = daysApart(at, now)
  if (days === 0) return t('Today')
  if (days === 1) return t('Yesterday')
  return (at.getFullYear() === now.getFullYear() ? weekday : weekdayYear).format(at)
}

/** 90 → "1 min 30 s"; 2700 → "45 min"; 259200 → "3 days". At most two units. */
export function duration(seconds: number): string {
  const units: [number, (amount: number) => string][] = [
    [86_400, (amount) => counted(amount, '{{count}} day', '{{count}} days')],
    [3600, (amount) => t('{{amount}} h', { amount })],
    [60, (amount) => t('{{amount}} min', { amount })],
    [1, (amount) => t('{{amount}} s', { amount })],
  ]
  let left = Math.round(seconds)
  const words: string[] = []
  for (const [size, written] of units) {
    const amount = Math.floor(left / size)
    if (amount === 0) continue
    words.push(written(amount))
    left -= amount * size
    if (words.length === 2) break
  }
  return words.join(' ') || t('{{amount}} s', { amount: 0 })
}

const wallDay = new Intl.DateTimeFormat(MOMENTS, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

/** What a clock says, wherever it hangs: "2026-11-23T09:00:00" → "Mon, 23 Nov 2026, 09:00". */
export function wall(text: string): string {
  const at = new Date(`${text}Z`)
  if (Number.isNaN(at.getTime())) return text
  return `${wallDay.format(at)}, ${text.slice(11, text.endsWith(':00') ? 16 : 19)}`
}
