/** The editor's state: the definition as it is, what it was before, and what was undone. One reducer, definition in and out. */

import { type Definition, sameJson } from './draft'

export interface Written {
  now: Definition
  past: Definition[]
  future: Definition[]
  /** What the last change was to; one after another to the same field is one step of undoing. */
  touched: string
  /** How often it changed: two that are alike have one number. */
  revision: number
}

export type Change =
  | { do: 'write'; definition: Definition; touching?: string }
  /** Something else altogether is edited from here on: a draft that was kept, or what somebody else published. */
  | { do: 'open'; definition: Definition }
  /** Typing paused: the next change to the same field is a step of its own. */
  | { do: 'rest' }
  | { do: 'undo' }
  | { do: 'redo' }

const PAST_MOST = 200

export const opened = (definition: Definition): Written => ({ now: definition, past: [], future: [], touched: '', revision: 0 })

export function written(state: Written, change: Change): Written {
  const revision = state.revision + 1
  switch (change.do) {
    case 'write': {
      if (change.definition === state.now || sameJson(change.definition, state.now)) return state
      const touching = change.touching ?? ''
      const goesOn = touching !== '' && touching === state.touched && state.past.length > 0
      const past = goesOn ? state.past : [...state.past, state.now].slice(-PAST_MOST)
      return { now: change.definition, past, future: [], touched: touching, revision }
    }
    case 'open':
      return { ...opened(change.definition), revision }
    case 'rest':
      return state.touched === '' ? state : { ...state, touched: '' }
    case 'undo': {
      const before = state.past.at(-1)
      if (!before) return state
      return { now: before, past: state.past.slice(0, -1), future: [state.now, ...state.future], touched: '', revision }
    }
    case 'redo': {
      const [next, ...future] = state.future
      if (!next) return state
      return { now: next, past: [...state.past, state.now], future, touched: '', revision }
    }
  }
}
