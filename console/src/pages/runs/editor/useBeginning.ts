import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Refusal } from '~/api/client'
import { draftOf } from '~/api/drafts'
import { run as runQuery, runs } from '~/api/queries'
import type { RunKind } from '~/api/types'
import type { Definition } from './draft'

/** In the address in the place of a starting point: what was written of it before is gone on with. */
export const FROM_DRAFT = 'draft'

/**
 * A journey or campaign by its id: what is published of it; or, of one that is new, what it begins with: a starting
 * point, or the draft there is. An address that names neither finds the draft of what was never published, too.
 */
export function useBeginning(kind: RunKind, id: string, from: string | undefined, begun: (from: string) => Definition) {
  const [starter] = useState(() => (from === undefined || from === FROM_DRAFT ? null : begun(from)))
  const [mayBeNew, setMayBeNew] = useState(from !== undefined)
  const there = useQuery({ ...runs(kind, true), enabled: mayBeNew })
  const listed = there.data?.some((each) => each.id === id)
  const wantsDraft = mayBeNew && starter === null && listed === false
  const draft = useQuery({ ...draftOf(kind, id), enabled: wantsDraft })
  const nowhere = wantsDraft && draft.data === null
  // What is not there need not be asked for.
  const query = useQuery({ ...runQuery(kind, id), enabled: !mayBeNew || listed === true || nowhere })
  const missing = query.error instanceof Refusal && query.error.status === 404
  useEffect(() => {
    if (missing) setMayBeNew(true)
  }, [missing])
  const kept = (draft.data?.definition as Definition | undefined) ?? null
  const beginning = starter ?? (wantsDraft ? kept : null)
  return {
    query,
    /** Whether it is not published, and what it begins with is here. */
    isNew: query.data === undefined && listed === false && beginning !== null,
    beginning,
    /** Whether it may still turn out to be a draft. */
    looking: mayBeNew && query.data === undefined && !nowhere,
    /** The draft that was begun with is not offered once more: whoever writes goes on from this revision of it. */
    takenUp: starter === null && kept !== null ? draft.data!.revision : null,
  }
}
