/** From JSON to the builder's tree, or a complaint with a path. */

import type { Json } from '~/api/types'
import { t } from '~/words/language'
import { type Comparison, type Group, newGroup, newId, newOther, type Node, type Scalar } from './model'
import { OPERATORS } from './operators'

export class Misshapen extends Error {
  constructor(
    readonly path: string,
    what: string,
  ) {
    super(`${path}: ${what}`)
    this.name = 'Misshapen'
  }
}

type Fields = { [key: string]: Json }

/** The whole definition; a single rule is put into a group of its own. */
export function decode(json: Json): Group {
  const node = condition(json, '$')
  return node.kind === 'group' ? node : newGroup('all', [node])
}

export function decodeText(text: string): Group {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch (cause) {
    throw new Misshapen('$', t('This is not JSON: {{problem}}', { problem: cause instanceof Error ? cause.message : '' }))
  }
  return decode(json)
}

function fields(json: Json | undefined, path: string, allowed: string[]): Fields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Misshapen(path, t('expected an object'))
  const unknown = Object.keys(json).find((key) => !allowed.includes(key))
  if (unknown !== undefined) throw new Misshapen(`${path}.${unknown}`, t('unknown field; allowed are {{names}}', { names: allowed.join(', ') }))
  return json
}

const DID = ['type', 'event', 'at_least', 'at_most', 'within_days', 'where']
const TRAIT = ['type', 'trait', 'operator', 'value']

/** Whether the row of that kind can show all of it; else the form of its kind does. */
const onlyHas = (json: Json | undefined, names: string[]) =>
  typeof json === 'object' && json !== null && Object.keys(json).every((name) => names.includes(name) || !RARE.has(name))

/** Fields that rows have no room for. */
export const RARE = new Set(['since', 'until', 'calendar', 'time_zone'])

function other(type: string, { type: _, ...values }: Fields): Node {
  return newOther(type, values)
}

function condition(json: Json | undefined, path: string): Node {
  const type = typeof json === 'object' && json !== null && !Array.isArray(json) ? json['type'] : undefined
  switch (type) {
    case 'all':
    case 'any': {
      const { of } = fields(json, path, ['type', 'of'])
      if (!Array.isArray(of)) throw new Misshapen(`${path}.of`, t('expected a list of conditions'))
      return newGroup(type, of.map((inner, i) => condition(inner, `${path}.of[${i}]`)))
    }
    case 'not':
      return opposite(condition(fields(json, path, ['type', 'of'])['of'], `${path}.of`))
    case 'did':
      return onlyHas(json, DID) ? did(fields(json, path, DID), path) : other(type, json as Fields)
    case 'trait':
      return onlyHas(json, TRAIT) ? { kind: 'trait', negated: false, ...comparison(fields(json, path, TRAIT), 'trait', path) } : other(type, json as Fields)
    default:
      // What kinds there are the server knows, and refuses what there is not; so a new kind needs nothing here.
      if (typeof type === 'string' && type) return other(type, json as Fields)
      throw new Misshapen(`${path}.type`, t('expected the kind of a condition, such as all, any, not, did or trait'))
  }
}

const OPPOSITES = { all: 'not_all', not_all: 'all', any: 'none', none: 'any' } as const

function opposite(node: Node): Node {
  return node.kind === 'group' ? { ...node, mode: OPPOSITES[node.mode] } : { ...node, negated: !node.negated }
}

function did(from: Fields, path: string): Node {
  const where = from['where'] ?? []
  if (typeof from['event'] !== 'string') throw new Misshapen(`${path}.event`, t('expected the name of an event'))
  if (!Array.isArray(where)) throw new Misshapen(`${path}.where`, t('expected a list of comparisons'))
  const atMost = amount(from, 'at_most', path)
  return {
    kind: 'did',
    id: newId(),
    negated: false,
    event: from['event'],
    // Said nothing about how often: once or more.
    atLeast: amount(from, 'at_least', path) ?? (atMost === null ? 1 : null),
    atMost,
    withinDays: amount(from, 'within_days', path),
    where: where.map((inner, i) => {
      const at = `${path}.where[${i}]`
      return comparison(fields(inner, at, ['property', 'operator', 'value']), 'property', at)
    }),
  }
}

function amount(from: Fields, name: string, path: string): number | null {
  const value = from[name] ?? null
  if (value !== null && typeof value !== 'number') throw new Misshapen(`${path}.${name}`, t('expected a number'))
  return value
}

const scalar = (value: Json): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value)

function comparison(from: Fields, field: 'trait' | 'property', path: string): Comparison {
  const name = from[field]
  const operator = from['operator']
  const value = from['value'] ?? null
  if (typeof name !== 'string') throw new Misshapen(`${path}.${field}`, field === 'trait' ? t('expected the name of a trait') : t('expected the name of a property'))
  if (typeof operator !== 'string' || !(operator in OPERATORS)) {
    throw new Misshapen(`${path}.operator`, t('expected one of {{names}}', { names: Object.keys(OPERATORS).join(', ') }))
  }
  if (value !== null && !scalar(value) && !(Array.isArray(value) && value.every(scalar))) {
    throw new Misshapen(`${path}.value`, t('expected text, a number, true or false, or a list of them'))
  }
  return { id: newId(), name, operator, value: value as Comparison['value'] }
}
