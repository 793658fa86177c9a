/** Steps on the clipboard, as JSON anybody can read; they can be put into this journey or another. */

import { asFields, type Fields } from '../graph'
import { type Definition, exitsOf, freeId, type Inserted, lead, leadsTo, type Place, setStep, startOf, stepOf, stepsOf } from './draft'

const FORMAT = 'holdfast.steps'
const STEPS_MOST = 500
const TEXT_MOST = 4_000_000

/** The steps as text; where people come in is no step to be put anywhere else. Empty when nothing is left. */
export function copied(definition: Definition, ids: string[]): string {
  const steps = ids.filter((id) => id !== startOf(definition) && id in stepsOf(definition)).map((id) => [id, stepOf(definition, id)])
  return steps.length > 0 ? JSON.stringify({ format: FORMAT, steps: Object.fromEntries(steps) }, null, 2) : ''
}

/** The steps in a text; null for anything else that may lie on a clipboard. */
export function stepsIn(text: string): Record<string, Fields> | null {
  if (text.length > TEXT_MOST || !text.includes(FORMAT)) return null
  try {
    const read = asFields(JSON.parse(text))
    const steps = Object.entries(asFields(read['steps'])).map(([id, step]): [string, Fields] => [id, asFields(step)])
    const whole = read['format'] === FORMAT && steps.length > 0 && steps.length <= STEPS_MOST
    return whole && steps.every(([, step]) => typeof step['type'] === 'string') ? Object.fromEntries(steps) : null
  } catch {
    return null
  }
}

/**
 * Put steps into a place, under names that are free.
 *
 * Ways among them stay. A way to a step that is here too goes on leading there; the others, of what was copied
 * elsewhere, lead to what stood in the place.
 */
export function pasted(definition: Definition, place: Place | null, steps: Record<string, Fields>): Inserted {
  const names = new Map<string, string>()
  const taken = new Set(Object.keys(stepsOf(definition)))
  for (const id of Object.keys(steps)) {
    const free = freeId(taken, id)
    names.set(id, free)
    taken.add(free)
  }
  const next = place && leadsTo(definition, place)
  let whole = definition
  for (const [id, step] of Object.entries(steps)) {
    const exits = Object.entries(exitsOf(step)).flatMap(([exit, to]): [string, string][] => {
      const there = names.get(to) ?? next
      return there ? [[exit, there]] : []
    })
    whole = setStep(whole, names.get(id)!, 'exits' in step ? { ...step, exits: Object.fromEntries(exits) } : step)
  }
  const first = names.get(entry(steps))!
  for (const exit of place?.exits ?? []) whole = lead(whole, place!.from, exit, first)
  return { definition: whole, id: first }
}

/** The step of them to which none of the others leads. */
function entry(steps: Record<string, Fields>): string {
  const led = new Set(Object.values(steps).flatMap((step) => Object.values(exitsOf(step))))
  return Object.keys(steps).find((id) => !led.has(id)) ?? Object.keys(steps)[0]!
}
