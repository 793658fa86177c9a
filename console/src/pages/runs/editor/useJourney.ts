/** The journey as it is written: the one reducer, and what is published beside it. */

import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { Run } from '~/api/types'
import { type Definition, sameJson } from './draft'
import { opened, written } from './history'

const REST_MS = 1_200

export function useJourney(run: Run | null, beginning: Definition | null) {
  const published = run?.definition ?? null
  const [state, dispatch] = useReducer(written, published ?? beginning ?? {}, opened)
  const [based, setBased] = useState(run?.version ?? 0)
  const taking = useRef(false)
  const changed = useMemo(() => published === null || !sameJson(state.now, published), [state.now, published])
  const version = run?.version ?? 0
  // Somebody published another one, perhaps we ourselves: whoever has changed nothing sees it at once.
  const untouched = state.past.length === 0
  useEffect(() => {
    if (version === based || published === null) return
    if (taking.current || untouched || sameJson(state.now, published)) {
      taking.current = false
      dispatch({ do: 'open', definition: published })
      setBased(version)
    }
  }, [version, based, published, untouched, state.now])
  useEffect(() => {
    const timer = setTimeout(() => dispatch({ do: 'rest' }), REST_MS)
    return () => clearTimeout(timer)
  }, [state.revision])
  const write = useCallback((definition: Definition, touching?: string) => dispatch({ do: 'write', definition, ...(touching ? { touching } : {}) }), [])
  /** What is published next is what we go on from. */
  const takePublished = useCallback(() => {
    taking.current = true
  }, [])
  const takeTheirs = useCallback(() => {
    if (published) dispatch({ do: 'open', definition: published })
    setBased(version)
  }, [published, version])
  const keepOurs = useCallback(() => setBased(version), [version])
  return { state, dispatch, write, changed, based, movedOn: version !== based && run !== null && !untouched, takePublished, takeTheirs, keepOurs }
}
