/** A campaign says its trigger, what it waits for and its message; here it is as the journey it means, whose forms it shares. */

import type { Json } from '~/api/types'
import { type Definition, stepOf, stepsOf } from '../runs/editor/draft'
import type { Found } from '../runs/editor/Problems'
import { asFields, type Fields } from '../runs/graph'

export const TRIGGER = 'trigger'
export const UNLESS = 'unless'
export const SEND = 'send'
const END = 'exit'
const PARTS = [TRIGGER, UNLESS, SEND] as const

export function journeyOf(campaign: Definition): Definition {
  const { trigger, unless, send, ...whole } = campaign
  const waits = unless !== null && unless !== undefined
  const steps: Record<string, Fields> = { [TRIGGER]: { ...asFields(trigger), exits: { entered: waits ? UNLESS : SEND } } }
  if (waits) steps[UNLESS] = { ...asFields(unless), type: 'until', exits: { happened: END, expired: SEND } }
  steps[SEND] = { ...asFields(send), type: 'send', exits: { sent: END, withheld: END } }
  steps[END] = { type: 'exit' }
  return { ...whole, start: TRIGGER, steps }
}

export function campaignOf(journey: Definition): Definition {
  const { start: _, steps: __, ...whole } = journey
  const part = (id: string, typed: boolean): Json => {
    if (!(id in stepsOf(journey))) return null
    const { exits: ___, type, ...fields } = stepOf(journey, id)
    return typed && type !== undefined ? { type, ...fields } : fields
  }
  return { ...whole, trigger: part(TRIGGER, true), unless: part(UNLESS, false), send: part(SEND, false) }
}

/** What the server says of a campaign, by the part of it that is meant. */
export const foundByPart = (found: Found[]): Found[] =>
  found.map((each) => {
    const part = PARTS.find((name) => each.path === `$.${name}` || each.path.startsWith(`$.${name}.`) || each.path.startsWith(`$.${name}[`))
    return part && each.step === '' ? { ...each, step: part, path: each.path.replace(`$.${part}`, `$.steps.${part}`) } : each
  })

/** Whom it is for, as a group of people; null where only what somebody does can tell. */
export function audienceOf(campaign: Definition): Json | null {
  const trigger = asFields(campaign[TRIGGER])
  if (trigger['type'] === 'segment_change') return typeof trigger['segment'] === 'string' && trigger['segment'] !== '' ? { type: 'in_segment', segment: trigger['segment'] } : null
  if (!AUDIENCES.has(String(trigger['type']))) return null
  return trigger['audience'] ?? { type: 'all', of: [] }
}

/** What lets in a whole audience. */
const AUDIENCES = new Set(['dates', 'recurring', 'date_trait', 'business_event', 'api'])
