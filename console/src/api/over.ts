/** Whether the session ended while somebody was at work. The page they are on stays until they have signed in again. */

import { useSyncExternalStore } from 'react'

let over = false
const watchers = new Set<() => void>()

function become(next: boolean) {
  over = next
  for (const watcher of watchers) watcher()
}

export const sessionOver = () => become(true)
export const sessionBack = () => become(false)
export const isSessionOver = () => over

export const useSessionOver = () =>
  useSyncExternalStore(
    (changed) => {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
    () => over,
  )
