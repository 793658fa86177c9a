import { useCallback, useEffect, useState } from 'react'
import type { Stream } from '~/api/live'
import type { HappenedEvent } from '~/api/types'

/** Closer to the top than this, the reader is watching; further down, they are reading. */
const AT_TOP_PX = 24

interface Arrivals {
  shown: HappenedEvent[]
  held: HappenedEvent[]
}

/** Live events: shown at once while the reader is at the top, held back with a count while they read further down. */
export function useArrivals(stream: Stream, only: string | null, scroller: HTMLDivElement | null) {
  const [arrivals, setArrivals] = useState<Arrivals>({ shown: [], held: [] })
  useEffect(() => {
    setArrivals({ shown: [], held: [] })
    return stream.listen((_, data) => {
      const fresh = [...(data as { events: HappenedEvent[] }).events].reverse().filter((event) => !only || event.event === only)
      if (fresh.length === 0) return
      const watching = (scroller?.scrollTop ?? 0) <= AT_TOP_PX
      setArrivals((old) =>
        watching ? { shown: [...fresh, ...old.held, ...old.shown], held: [] } : { ...old, held: [...fresh, ...old.held] },
      )
    })
  }, [stream, only, scroller])
  const release = useCallback(() => {
    setArrivals((old) => ({ shown: [...old.held, ...old.shown], held: [] }))
    scroller?.scrollTo({ top: 0, behavior: 'smooth' })
  }, [scroller])
  return { shown: arrivals.shown, held: arrivals.held.length, release }
}
