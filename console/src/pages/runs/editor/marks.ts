/** What is different between two definitions, step by step. */

import { type Definition, sameJson, startOf, stepsOf } from './draft'

export type Mark = 'added' | 'changed' | 'removed'

/** The steps that differ, by id. */
export function marksBetween(before: Definition, after: Definition): Map<string, Mark> {
  const old = stepsOf(before)
  const steps = stepsOf(after)
  const found = new Map<string, Mark>()
  for (const [id, step] of Object.entries(steps)) {
    if (!(id in old)) found.set(id, 'added')
    else if (!sameJson(step, old[id])) found.set(id, 'changed')
  }
  for (const id of Object.keys(old)) if (!(id in steps)) found.set(id, 'removed')
  return found
}

/** The newer one with what it has no more put back, so that both can be drawn at once. */
export function bothOf(before: Definition, after: Definition): Definition {
  const gone = Object.entries(stepsOf(before)).filter(([id]) => !(id in stepsOf(after)) && id !== startOf(before))
  return { ...after, steps: { ...stepsOf(after), ...Object.fromEntries(gone) } }
}
