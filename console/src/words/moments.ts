/** Moments as the console writes them, in the reader's zone; the full moment with its zone is for the hover. */

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayUtc = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
const weekdayYear = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const timeSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const monthYear = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' })
const everything = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })

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
  if (seconds < 5) return 'just now'
  if (seconds < 60) return `${Math.floor(seconds)} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  const days = Math.floor(seconds / 86_400)
  if (days < 7) return days === 1 ? '1 day ago' : `${days} days ago`
  return shortDay(moment, now)
}

export function dayHeading(moment: string, now: Date): string {
  const at = new Date(moment)
  const days = daysApart(at, now)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  return (at.getFullYear() === now.getFullYear() ? weekday : weekdayYear).format(at)
}

/** 90 → "1 min 30 s"; 2700 → "45 min"; 259200 → "3 days". At most two units. */
export function duration(seconds: number): string {
  const units: [number, string, string][] = [
    [86_400, 'day', 'days'],
    [3600, 'h', 'h'],
    [60, 'min', 'min'],
    [1, 's', 's'],
  ]
  let left = Math.round(seconds)
  const words: string[] = []
  for (const [size, one, many] of units) {
    const amount = Math.floor(left / size)
    if (amount === 0) continue
    words.push(`${amount} ${amount === 1 ? one : many}`)
    left -= amount * size
    if (words.length === 2) break
  }
  return words.join(' ') || '0 s'
}

const wallDay = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

/** What a clock says, wherever it hangs: "2026-11-23T09:00:00" → "Mon, 23 Nov 2026, 09:00". */
export function wall(text: string): string {
  const at = new Date(`${text}Z`)
  if (Number.isNaN(at.getTime())) return text
  return `${wallDay.format(at)}, ${text.slice(11, text.endsWith(':00') ? 16 : 19)}`
}
