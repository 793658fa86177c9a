/** A segment while it is being built: the same tree as its JSON, with an id on every node and room for unfinished rules. */

import type { Json, Properties } from '~/api/types'
import { takesOf } from './operators'

export type Scalar = string | number | boolean

export interface Comparison {
  id: string
  name: string
  operator: string
  value: Scalar | Scalar[] | null
}

export type GroupMode = 'all' | 'any' | 'none' | 'not_all'

export interface Group {
  kind: 'group'
  id: string
  mode: GroupMode
  of: Node[]
}

export interface Did {
  kind: 'did'
  id: string
  negated: boolean
  event: string
  atLeast: number | null
  atMost: number | null
  withinDays: number | null
  where: Comparison[]
}

export interface Trait extends Comparison {
  kind: 'trait'
  negated: boolean
}

/** A condition of a kind that has no row of its own: its fields as they are written, drawn by the form its kind declares. */
export interface Other {
  kind: 'other'
  id: string
  negated: boolean
  type: string
  values: Properties
  /** What must be written before it says anything. */
  required: string[]
}

export type Node = Group | Did | Trait | Other

let made = 0
export const newId = () => `n${++made}`

export const newGroup = (mode: GroupMode = 'any', of: Node[] = []): Group => ({ kind: 'group', id: newId(), mode, of })
export const newDid = (): Did => ({
  kind: 'did', id: newId(), negated: false, event: '', atLeast: 1, atMost: null, withinDays: 30, where: [],
})
export const newTrait = (): Trait => ({ kind: 'trait', id: newId(), negated: false, name: '', operator: 'equals', value: null })
export const newComparison = (): Comparison => ({ id: newId(), name: '', operator: 'equals', value: null })

export const newOther = (type: string, values: Properties = {}, required: string[] = []): Other => ({
  kind: 'other', id: newId(), negated: false, type, values, required,
})

/** What an operator that was just chosen has for a value. */
export const emptyValue = (operator: string): Comparison['value'] => (takesOf(operator) === 'scalars' ? [] : null)

/** Whether it says enough to be asked. */
export function comparisonDone({ name, operator, value }: Comparison): boolean {
  if (!name) return false
  switch (takesOf(operator)) {
    case 'nothing':
      return true
    case 'scalars':
      return Array.isArray(value) && value.length > 0
    case 'range':
      return Array.isArray(value) && value.length === 2
    default:
      return value !== null && value !== '' && !Array.isArray(value)
  }
}

/** A comparison as it is sent. */
export const compared = (field: 'property' | 'trait', { name, operator, value }: Comparison): { [key: string]: Json } => ({
  [field]: name, operator, ...(takesOf(operator) === 'nothing' ? {} : { value }),
})

const written = (value: Json | undefined) => value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)

/** Whether the rule says enough to be counted; what is unfinished is left out, not guessed. */
export function finished(node: Node): boolean {
  if (node.kind === 'group') return true
  if (node.kind === 'trait') return comparisonDone(node)
  if (node.kind === 'other') return node.required.every((name) => written(node.values[name]))
  return node.event !== '' && (node.atLeast !== null || node.atMost !== null) && node.where.every(comparisonDone)
}

export function unfinished(node: Node): number {
  if (node.kind === 'group') return node.of.reduce((total, inner) => total + unfinished(inner), 0)
  return finished(node) ? 0 : 1
}

const negate = (condition: Json, yes: boolean): Json => (yes ? { type: 'not', of: condition } : condition)

/** The JSON form; null for a rule that is not finished. */
export function encode(node: Node): Json | null {
  if (!finished(node)) return null
  switch (node.kind) {
    case 'group': {
      const of = node.of.map(encode).filter((inner) => inner !== null)
      const type = node.mode === 'all' || node.mode === 'not_all' ? 'all' : 'any'
      return negate({ type, of }, node.mode === 'none' || node.mode === 'not_all')
    }
    case 'trait':
      return negate({ type: 'trait', ...compared('trait', node) }, node.negated)
    case 'other':
      return negate({ type: node.type, ...node.values }, node.negated)
    case 'did':
      return negate(
        {
          type: 'did',
          event: node.event,
          ...(node.atLeast === null ? {} : { at_least: node.atLeast }),
          ...(node.atMost === null ? {} : { at_most: node.atMost }),
          ...(node.withinDays === null ? {} : { within_days: node.withinDays }),
          ...(node.where.length === 0 ? {} : { where: node.where.map((comparison) => compared('property', comparison)) }),
        },
        node.negated,
      )
  }
}
