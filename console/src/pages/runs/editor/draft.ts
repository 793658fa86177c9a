/** A journey while it is written: its definition, and every way to change it. Each gives a new one and leaves the old as it was. */

import type { Json } from '~/api/types'
import { asFields, type Fields } from '../graph'

export type Definition = Fields

/** A place in a journey where steps can be put: the exits of one step that lead the same way, or nowhere yet. */
export interface Place {
  from: string
  exits: string[]
}

export const stepsOf = (definition: Definition): Record<string, Fields> => asFields(definition['steps']) as Record<string, Fields>

export const stepOf = (definition: Definition, id: string): Fields => asFields(stepsOf(definition)[id])

export const exitsOf = (step: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(asFields(step['exits'])).flatMap(([exit, to]) => (typeof to === 'string' ? [[exit, to]] : [])))

const withSteps = (definition: Definition, steps: Record<string, Fields>): Definition => ({ ...definition, steps })

export const startOf = (definition: Definition) => String(definition['start'] ?? '')

/** "mail", "mail-2", "mail-3": the first that is free. */
export function freeId(taken: Iterable<string>, wanted: string): string {
  const there = new Set(taken)
  const base = wanted.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^[-_]+/, '').slice(0, 56) || 'step'
  // These say how somebody left who came to no exit.
  const usable = (id: string) => !there.has(id) && !['goal', 'stopped', 'failed'].includes(id)
  if (usable(base)) return base
  for (let number = 2; ; number++) if (usable(`${base}-${number}`)) return `${base}-${number}`
}

/** Where the place leads now; nowhere when its exits are open. */
export function leadsTo(definition: Definition, place: Place): string | null {
  const exits = exitsOf(stepOf(definition, place.from))
  return place.exits.map((exit) => exits[exit]).find((to) => to !== undefined) ?? null
}

export function setStep(definition: Definition, id: string, step: Fields): Definition {
  return withSteps(definition, { ...stepsOf(definition), [id]: step })
}

/** Lead one exit of a step to another step, or nowhere. */
export function lead(definition: Definition, from: string, exit: string, to: string | null): Definition {
  const step = stepOf(definition, from)
  const { [exit]: _, ...others } = exitsOf(step)
  return setStep(definition, from, { ...step, exits: to === null ? others : { ...others, [exit]: to } })
}

export interface Inserted {
  definition: Definition
  /** The first of what was put in. */
  id: string
}

/** Where what is put at the end of an open way leads by itself: to the end, where there is one and no other. */
function onlyEnd(definition: Definition): string | null {
  const ends = Object.entries(stepsOf(definition)).filter(([, step]) => step['type'] === 'exit')
  return ends.length === 1 ? ends[0]![0] : null
}

/**
 * Put a step into a place. What stood there comes after it; after an open way it is the journey's only end.
 *
 * `onward`: its exits that lead to what stood there; the others are open until somebody says where they lead.
 */
export function insert(definition: Definition, place: Place | null, wanted: string, step: Fields, onward: string[]): Inserted {
  const id = freeId(Object.keys(stepsOf(definition)), wanted)
  const next = place && (leadsTo(definition, place) ?? onlyEnd(definition))
  const exits = next === null ? {} : Object.fromEntries(onward.map((exit) => [exit, next]))
  return { id, definition: led(setStep(definition, id, { ...step, exits: { ...exitsOf(step), ...exits } }), place, id) }
}

const led = (definition: Definition, place: Place | null, to: string): Definition =>
  place ? place.exits.reduce((whole, exit) => lead(whole, place.from, exit, to), definition) : definition

/** Take steps out. Whoever came to one of them goes on to where its first exit led; if that is out too, nowhere. */
export function remove(definition: Definition, ids: string[]): Definition {
  const gone = new Set(ids.filter((id) => id !== startOf(definition)))
  const steps = stepsOf(definition)
  const instead = (id: string): string | null => {
    const seen = new Set<string>()
    let at: string | undefined = id
    while (at !== undefined && gone.has(at)) {
      if (seen.has(at)) return null
      seen.add(at)
      at = Object.values(exitsOf(stepOf(definition, at)))[0]
    }
    return at ?? null
  }
  const kept = Object.entries(steps).filter(([id]) => !gone.has(id))
  return withSteps(
    definition,
    Object.fromEntries(
      kept.map(([id, step]) => {
        if (!('exits' in step)) return [id, step]
        const exits = Object.entries(exitsOf(step)).flatMap(([exit, to]): [string, string][] => {
          const next = instead(to)
          // Nothing leads back to itself at once, and nothing to where people come in.
          return next === null || (next === id && to !== id) || next === startOf(definition) ? [] : [[exit, next]]
        })
        return [id, { ...step, exits: Object.fromEntries(exits) }]
      }),
    ),
  )
}

/** Give a step another id; whatever leads to it still does. */
export function rename(definition: Definition, id: string, next: string): Definition {
  const steps = Object.entries(stepsOf(definition)).map(([name, step]): [string, Fields] => {
    const exits = Object.entries(exitsOf(step)).map(([exit, to]) => [exit, to === id ? next : to])
    return [name === id ? next : name, 'exits' in step ? { ...step, exits: Object.fromEntries(exits) } : step]
  })
  return withSteps({ ...definition, ...(startOf(definition) === id ? { start: next } : {}) }, Object.fromEntries(steps))
}

/** The exits of a step by name where the author named them: a share, a path, a variant. Renaming one keeps where it led. */
export function renameExit(step: Fields, exit: string, next: string): Fields {
  const exits = Object.entries(exitsOf(step)).map(([name, to]) => [name === exit ? next : name, to])
  return { ...step, exits: Object.fromEntries(exits) }
}

export const sameJson = (one: Json | undefined, other: Json | undefined): boolean => stable(one) === stable(other)

/** As text, with the fields of every object in one order. */
function stable(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${stable(value[name])}`).join()}}`
  }
  return JSON.stringify(value) ?? 'undefined'
}
