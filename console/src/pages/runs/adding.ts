/** How steps are added where flows are drawn; there is no way where nothing can be changed. */

import { type ComponentType, createContext, useContext } from 'react'

export interface Opening {
  from: string
  exits: string[]
}

export type Adder = ComponentType<{ place: Opening; wide?: boolean }>

export const AddingContext = createContext<Adder | null>(null)

export const useAdding = () => useContext(AddingContext)
