/** The kinds of steps the server knows. Forms, the palette and new steps are made of what each declares. */

import { queryOptions } from '@tanstack/react-query'
import { get } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Json, Schema } from '~/api/types'
import { declared, fieldName, withDeclared } from '~/words/declared'
import { asFields, exitWords, type Fields } from '../graph'

export interface StepKind {
  name: string
  label: string
  family: 'start' | 'message' | 'logic' | 'end'
  help: string
  fields: Schema
  exits: string[]
  exits_of: string | null
  spared: string[]
}

export interface Kinds {
  /** The fields of a journey itself. */
  journey: Schema
  steps: Map<string, StepKind>
}

export const kindsQuery = queryOptions({
  queryKey: ['step-kinds'],
  queryFn: async ({ signal }): Promise<Kinds> => {
    const told = await withDeclared(get<Shape<'StepKinds'>>('/api/steps', {}, signal))
    return { journey: told.journey as Schema, steps: new Map(told.steps.map((each) => [each.name, { ...each, fields: each.fields as Schema, exits_of: each.exits_of ?? null }])) }
  },
  staleTime: Infinity,
})

/** Words of the server without the marks of code in them. */
export const plainWords = (words: string) => words.replace(/\s+/g, ' ').replace(/`/g, '').trim()

/** What a kind of step is for, as it stands over its form, whose ways out and fields go by what they are called there; the rest is for the reference. */
export function aboutKind(kind: StepKind): string {
  const called = (name: string) => {
    if (kind.exits.includes(name)) return `“${exitWords(name)}”`
    // How long something takes is asked in the unit one likes, by a field of its own name.
    return name in (kind.fields.properties ?? {}) && !name.endsWith('seconds') ? `“${fieldName(name)}”` : name
  }
  return plainWords(declared(kind.help.split('\n\n')[0] ?? '').replace(/`(\w+)`/g, (_, name: string) => called(name)))
}

/** Every way out of a step: those its kind has, and those its author named. */
export function waysOf(step: Fields, kind: StepKind | undefined): string[] {
  if (!kind) return Object.keys(asFields(step['exits']))
  if (kind.exits_of === null) return kind.exits
  const named = step[kind.exits_of]
  const names = Array.isArray(named) ? named.filter((each) => typeof each === 'string') : Object.keys(asFields(named))
  return [...new Set([...kind.exits, ...names])]
}

/** The ways out that lead nowhere yet, though they ought to. */
export const openWays = (step: Fields, kind: StepKind | undefined): string[] => {
  const exits = asFields(step['exits'])
  return waysOf(step, kind).filter((exit) => !(exit in exits) && !kind?.spared.includes(exit))
}

const DAY_SECONDS = 86_400

/** A new step: what has no default gets something to begin with, and the server says what is still to be told. */
export function newStep(kind: StepKind, more: Fields = {}): Fields {
  const required = new Set(kind.fields.required ?? [])
  const fields = Object.entries(kind.fields.properties ?? {})
    .filter(([name]) => required.has(name))
    .map(([name, schema]): [string, Json] => [name, beginning(schema)])
  const step: Fields = { type: kind.name, ...Object.fromEntries(fields), ...more }
  return kind.exits.length > 0 || kind.exits_of !== null ? { ...step, exits: {} } : step
}

export function beginning(schema: Schema): Json {
  if (schema.default !== undefined) return schema.default
  const plain = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema
  if (plain.enum) return plain.enum[0] ?? null
  switch (plain.format) {
    case 'seconds':
      return DAY_SECONDS
    case 'shares':
      return { a: 0.5, b: 0.5 }
    case 'paths':
      return ['a', 'b']
    case 'time_of_day':
      return '09:00'
    case 'times_of_day':
      return ['09:00']
    case 'condition':
      return { type: 'all', of: [] }
  }
  switch (plain.type) {
    case 'array':
      return []
    case 'object':
      return Object.fromEntries((plain.required ?? []).map((name) => [name, beginning(plain.properties?.[name] ?? {})]))
    case 'boolean':
      return false
    case 'integer':
    case 'number':
      return plain.minimum ?? 0
    default:
      return ''
  }
}

/**
 * The exits of a new step that lead to what comes after it: a message goes on whether or not it was sent, for a
 * branch somebody has to say where its other ways lead.
 */
export const onwardOf = (kind: StepKind, step: Fields): string[] => {
  const ways = waysOf(step, kind).filter((exit) => !kind.spared.includes(exit))
  return kind.family === 'message' ? ways : ways.slice(0, 1)
}
