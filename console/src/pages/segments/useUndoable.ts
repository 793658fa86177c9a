import { useCallback, useEffect, useRef, useState } from 'react'

/** Changes closer together than this are one step back: typing "30" is not two. */
const TOGETHER_MS = 700
const PAST_MOST = 200

interface Undoable<T> {
  now: T
  set: (change: T | ((now: T) => T)) => void
  undo: (() => void) | null
  redo: (() => void) | null
}

interface Kept<T> {
  now: T
  past: T[]
  future: T[]
}

/** A value that remembers what it was. ⌘Z and ⇧⌘Z work outside of text fields, which have their own. */
export function useUndoable<T>(start: () => T): Undoable<T> {
  const [kept, setKept] = useState<Kept<T>>(() => ({ now: start(), past: [], future: [] }))
  const last = useRef(0)
  const set = useCallback((change: T | ((now: T) => T)) => {
    const at = Date.now()
    const together = at - last.current < TOGETHER_MS
    last.current = at
    setKept(({ now, past }) => ({
      now: change instanceof Function ? change(now) : change,
      past: together && past.length > 0 ? past : [...past, now].slice(-PAST_MOST),
      future: [],
    }))
  }, [])
  const undo = useCallback(() => {
    last.current = 0
    setKept((old) => (old.past.length === 0 ? old : { now: old.past.at(-1)!, past: old.past.slice(0, -1), future: [old.now, ...old.future] }))
  }, [])
  const redo = useCallback(() => {
    last.current = 0
    setKept((old) => (old.future.length === 0 ? old : { now: old.future[0]!, past: [...old.past, old.now], future: old.future.slice(1) }))
  }, [])
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== 'z') return
      if (event.target instanceof HTMLElement && event.target.matches('input:not([readonly]), textarea')) return
      event.preventDefault()
      if (event.shiftKey) redo()
      else undo()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [undo, redo])
  return { now: kept.now, set, undo: kept.past.length > 0 ? undo : null, redo: kept.future.length > 0 ? redo : null }
}
