import { clock, clockSeconds, shortDay } from '~/words/moments'

/** When a message goes: the time today, the day with it on any other. */
export function goesWhen(due: string, now: Date): string {
  return new Date(due).toDateString() === now.toDateString() ? clockSeconds(due) : `${shortDay(due, now)}, ${clock(due)}`
}
