import { useCallback, useEffect, useRef, useState } from 'react'
import { get, put, Refusal, remove, route, Unreachable } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Draft, ThingKind } from '~/api/teamwork'

/** After the last stroke so long, what was written is kept. */
const PAUSE_MS = 800
/** Without an answer it is tried again, ever more seldom. */
const AGAIN_MS = 4_000
const AGAIN_MS_MOST = 60_000

export type DraftStatus = 'none' | 'pending' | 'saving' | 'saved' | 'offline' | 'moved_on' | 'refused'

export interface DraftConflict<T> {
  by: string
  /** What they wrote. */
  theirs: T
  revision: number
}

export interface DraftState<T> {
  /** A draft that was there when the page opened; null once it is restored or thrown away, or where there was none. */
  found: (Draft & { definition: T }) | null
  status: DraftStatus
  /** When it was kept last. */
  savedAt: Date | null
  conflict: DraftConflict<T> | null
  /** Keep this; call it with every change. */
  write: (definition: T) => void
  /** Go on from the draft that was found: its definition. */
  restore: () => T | null
  /** Throw the draft away: it is saved, or was not wanted. */
  discard: () => Promise<void>
  /** After a conflict: take over what they wrote. */
  takeTheirs: () => T | null
  /** After a conflict: keep mine, over theirs. */
  keepMine: () => void
  /** After a conflict: neither yet; with the next stroke it is asked again. */
  decideLater: () => void
}

/**
 * What is written and not saved yet, kept on the server as it is typed, and nowhere lost: without a connection it
 * waits here and is tried again. Two people who write at once are told, and neither overwrites the other.
 *
 * `takenUp`: the revision of a draft that the writer has before them already; it is not offered to them again.
 */
export function useDraft<T extends Record<string, unknown>>(kind: ThingKind, id: string | null, basedOn: number, takenUp: number | null = null): DraftState<T> {
  const path = id === null ? null : route`/api/drafts/${kind}/${id}`
  const [found, setFound] = useState<(Draft & { definition: T }) | null>(null)
  const [status, setStatus] = useState<DraftStatus>('none')
  const [savedAt, setSavedAt] = useState<Date | null>(null)
  const [conflict, setConflict] = useState<DraftConflict<T> | null>(null)
  const revision = useRef(takenUp ?? 0)
  const wanted = useRef<T | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const wait = useRef(AGAIN_MS)
  const busy = useRef(false)
  const keepNow = useRef<() => Promise<void>>(() => Promise.resolve())

  const later = useCallback((ms: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void keepNow.current(), ms)
  }, [])

  keepNow.current = async () => {
    const definition = wanted.current
    if (path === null || definition === null || busy.current) return
    busy.current = true
    setStatus('saving')
    try {
      const kept = await put<Draft>(path, { definition, based_on: basedOn, revision: revision.current })
      revision.current = kept.revision
      wait.current = AGAIN_MS
      setSavedAt(new Date(kept.updated_at))
      // What was written meanwhile is kept next.
      if (wanted.current === definition) {
        wanted.current = null
        setStatus('saved')
      } else later(PAUSE_MS)
    } catch (error) {
      if (error instanceof Refusal && error.code === 'draft_moved_on') {
        const theirs = error.told['draft'] as { definition: T; revision: number } | null
        if (theirs) {
          setConflict({ by: String(error.told['by'] ?? ''), theirs: theirs.definition, revision: theirs.revision })
          setStatus('moved_on')
        } else {
          // Theirs was saved or thrown away: nothing of it can be overwritten any more.
          revision.current = 0
          later(0)
        }
      } else if (error instanceof Unreachable || (error instanceof Refusal && error.status >= 500)) {
        setStatus('offline')
        later(wait.current)
        wait.current = Math.min(wait.current * 2, AGAIN_MS_MOST)
      } else setStatus('refused')
    } finally {
      busy.current = false
    }
  }

  useEffect(() => {
    if (path === null) return
    let gone = false
    const look = async () => {
      // Mostly there is none; to ask for it by name would be an error each time.
      const { drafts } = await get<Shape<'DraftList'>>('/api/drafts')
      if (gone || !drafts.some((each) => each.kind === kind && each.id === id)) return
      const draft = await get<Draft>(path)
      // Whoever has begun to write meanwhile goes on; the first keeping tells that somebody else has written.
      if (gone || wanted.current || draft.revision === revision.current) return
      revision.current = draft.revision
      setFound(draft as Draft & { definition: T })
    }
    look().catch(() => {}) // It is not to be had now; then the first keeping tells.
    const online = () => wanted.current && later(0)
    window.addEventListener('online', online)
    return () => {
      gone = true
      window.removeEventListener('online', online)
      clearTimeout(timer.current)
      // Whoever leaves at once loses nothing.
      if (wanted.current) void keepNow.current()
    }
  }, [path, kind, id, later])

  const write = useCallback(
    (definition: T) => {
      wanted.current = definition
      setStatus((now) => (now === 'moved_on' ? now : 'pending'))
      later(PAUSE_MS)
    },
    [later],
  )

  const discard = useCallback(async () => {
    clearTimeout(timer.current)
    wanted.current = null
    setConflict(null)
    setStatus('none')
    if (path !== null) await remove(path).catch(() => {})
    revision.current = 0
    // Not before: who sees it go may leave the page.
    setFound(null)
  }, [path])

  return {
    found,
    status,
    savedAt,
    conflict,
    write,
    restore: () => {
      const definition = found?.definition ?? null
      setFound(null)
      return definition
    },
    discard,
    takeTheirs: () => {
      if (!conflict) return null
      revision.current = conflict.revision
      wanted.current = null
      setConflict(null)
      setStatus('saved')
      return conflict.theirs
    },
    keepMine: () => {
      if (!conflict) return
      revision.current = conflict.revision
      setConflict(null)
      setStatus('pending')
      later(0)
    },
    decideLater: () => setConflict(null),
  }
}
