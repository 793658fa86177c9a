/** Events somebody looks for, as the server finds them among all that happen. */

import { useEffect, useMemo, useState } from 'react'
import { address } from './client'
import { newestFirst } from './feed'
import { Stream } from './live'
import type { LiveEvent } from './types'

/** Of those that were looked for, more are kept than of all. */
const FOUND = 200
/** The longest text the server looks for, in characters. */
export const SOUGHT_MOST = 200

/**
 * The newest events with a text in them, newest first, and the stream they come by. The server looks for them, however
 * many others happen; null until it has looked, and where there is no text.
 */
export function useFound(text: string): { found: LiveEvent[] | null; stream: Stream } {
  const stream = useMemo(() => new Stream(address('/api/events/live', { text }), ['happened']), [text])
  const [told, setTold] = useState<{ by: Stream; events: LiveEvent[] } | null>(null)
  useEffect(() => {
    if (text === '') return
    return stream.listen((_, data) =>
      setTold((before) => ({
        by: stream,
        events: newestFirst((data as { events: LiveEvent[] }).events, before?.by === stream ? before.events : [], FOUND),
      })),
    )
  }, [stream, text])
  return { found: told?.by === stream ? told.events : null, stream }
}
