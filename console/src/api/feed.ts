/** What the shared stream said last: the newest counters, and the newest events. Kept outside React; read by hooks. */

import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { everything } from './live'
import type { LiveEvent, Overview, Tick } from './types'

const KEPT = 60

interface Feed {
  tick: Tick | null
  events: LiveEvent[]
}

let feed: Feed = { tick: null, events: [] }
const watchers = new Set<() => void>()

function become(next: Partial<Feed>) {
  feed = { ...feed, ...next }
  for (const watcher of watchers) watcher()
}

function watch(changed: () => void) {
  watchers.add(changed)
  return () => watchers.delete(changed)
}

export const useTick = () => useSyncExternalStore(watch, () => feed.tick)
export const useHappenings = () => useSyncExternalStore(watch, () => feed.events)

/** Newest first, each event once, no more than we keep. */
export function newestFirst(arrived: LiveEvent[], kept: LiveEvent[], most = KEPT): LiveEvent[] {
  const seen = new Set<string>()
  const all = [...[...arrived].reverse(), ...kept]
  return all.filter((event) => !seen.has(event.message_id) && seen.add(event.message_id)).slice(0, most)
}

/** Listens while the console is open, and keeps the overview's counters in step. Returns how to stop. */
export function followEverything(client: QueryClient): () => void {
  return everything.listen((name, data) => {
    if (name === 'tick') {
      const tick = data as Tick
      become({ tick })
      client.setQueryData<Overview>(['overview'], (old) => (old ? { ...old, ...tick } : old))
    } else {
      become({ events: newestFirst((data as { events: LiveEvent[] }).events, feed.events) })
    }
  })
}
