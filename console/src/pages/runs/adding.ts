/** How steps are added where flows are drawn; there is no way where nothing can be changed. */

import { type ComponentType, createContext, useContext } from 'react'

/** A place between steps, all of it plain text, so that one that stays the same is not drawn again. */
export interface Adding {
  from: string
  /** The exits, with spaces between them. */
  exits: string
  /** What pressing it does. */
  words: string
  wide?: boolean
}

/** What is dragged from there: the way that is to lead elsewhere. */
export const WAY_DRAGGED = 'application/x-holdfast-way'

export const AddingContext = createContext<ComponentType<Adding> | null>(null)

export const useAdding = () => useContext(AddingContext)
