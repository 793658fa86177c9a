/** What the parts of the editor share: the journey as it is written, and every way to change it. */

import { createContext, type RefObject, useContext } from 'react'
import type { Definition, Place } from './draft'
import type { Kinds } from './kinds'
import type { Entry } from './palette'

export interface Editing {
  definition: Definition
  kinds: Kinds
  /** `touching`: a name for the field that is typed in; changes to one field are undone together. */
  write: (definition: Definition, touching?: string) => void
  select: (id: string | null, more?: boolean) => void
  /** Put a step in; without a place after the one that is chosen. */
  add: (entry: Entry, place?: Place) => void
  /** Lead what goes that way to a step there is. */
  leadTo: (place: Place, to: string) => void
  /** Ask what is to be put in there. */
  askFor: (place: Place) => void
  askToRemove: (ids: string[]) => void
  copy: (ids: string[]) => void
  paste: (place?: Place) => void
  titleOf: (id: string) => string
}

export const EditingContext = createContext<Editing | null>(null)

/** Null where nothing can be changed. */
export const useEditing = () => useContext(EditingContext)

/**
 * The same, in a box that never changes: for what stands on the canvas a hundred times, and asks for it only once it
 * is pressed. Whoever reads it while drawing would not hear of changes.
 */
export const EditingBoxContext = createContext<RefObject<Editing | null>>({ current: null })

export const useEditingBox = () => useContext(EditingBoxContext)
