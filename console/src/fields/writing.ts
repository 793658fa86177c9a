/** What the fields of a step may ask about the rest of the journey. */

import { createContext, useContext } from 'react'
import type { Fields } from '~/pages/runs/graph'

export interface Writing {
  /** The step, or the journey itself, whose fields are drawn. */
  of: Fields
  /** The journey's own id. */
  journey: string
}

export const WritingContext = createContext<Writing>({ of: {}, journey: '' })

export const useWriting = () => useContext(WritingContext)

/** The event that the fields beside this one speak of. */
export function useEventBeside(): string {
  const { of } = useWriting()
  return typeof of['event'] === 'string' ? of['event'] : ''
}
