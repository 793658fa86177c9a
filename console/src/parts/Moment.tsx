import { useSyncExternalStore } from 'react'
import { ago, full } from '~/words/moments'
import { NONE } from '~/words/numbers'

// One clock for every "2 min ago" on the page.
let now = new Date()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(changed: () => void) {
  watchers.add(changed)
  timer ??= setInterval(() => {
    now = new Date()
    for (const watcher of watchers) watcher()
  }, 10_000)
  return () => {
    watchers.delete(changed)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

export const useNow = () => useSyncExternalStore(watch, () => now)

/** A moment as how long ago; the full moment with its zone on hover. */
export function Ago({ at }: { at: string | null }) {
  const current = useNow()
  if (!at) return <>{NONE}</>
  return (
    <time dateTime={at} title={full(at)}>
      {ago(at, current)}
    </time>
  )
}
