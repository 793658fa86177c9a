import type { HappenedEvent } from '~/api/types'
import { dayHeading } from '~/words/moments'

export type Line = { kind: 'day'; key: string; heading: string } | { kind: 'event'; key: string; event: HappenedEvent }

/** Events, newest first, with a heading before the first of each day. */
export function lines(events: HappenedEvent[], now: Date): Line[] {
  const all: Line[] = []
  let current = ''
  for (const event of events) {
    const heading = dayHeading(event.timestamp, now)
    if (heading !== current) all.push({ kind: 'day', key: `day ${heading}`, heading })
    current = heading
    all.push({ kind: 'event', key: event.message_id, event })
  }
  // A late event can bring a day back out of order; its heading still needs a key of its own.
  const seen = new Map<string, number>()
  return all.map((line) => {
    const times = seen.get(line.key) ?? 0
    seen.set(line.key, times + 1)
    return times === 0 ? line : { ...line, key: `${line.key} ${times}` }
  })
}
