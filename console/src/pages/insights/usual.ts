/** What is asked before anybody has said anything: of events that are there. */
import type { EventName } from '~/api/types'
import type { Act } from './question'

/** What we did ourselves, or what only says who somebody is: no answer to what people do. */
const OURS = /^(Journey|Message|Consent|Variant|Push|Identified|Aliased|Group Joined)/

const WAY = ['Product Viewed', 'Product Added', 'Cart Added', 'Checkout Started', 'Order Completed']

export const act = (...events: string[]): Act => ({ events })

/** What people do, the most done first. */
export function theirs(events: EventName[]): string[] {
  const names = [...events].sort((one, other) => other.count - one.count).map(({ name }) => name)
  const own = names.filter((name) => !OURS.test(name))
  return own.length > 0 ? own : names
}

/** What tells who somebody is and what they agree to; what we send and enter them into, the API leaves out by itself. */
export const ours = (events: EventName[]): string[] => events.map(({ name }) => name).filter((name) => /^(Consent|Push|Identified|Aliased|Group Joined)/.test(name))

/** What it is worth asking about: buying, where there is such a thing. */
export function usual(events: EventName[]): Act {
  const names = theirs(events)
  const buying = names.find((name) => name === 'Order Completed') ?? names.find((name) => /order|purchase|subscri|paid|payment/i.test(name))
  const name = buying ?? names[0]
  return name === undefined ? act() : act(name)
}

/** What counts as use: the most that people do. */
export function use(events: EventName[]): Act {
  const name = theirs(events)[0]
  return name === undefined ? act() : act(name)
}

/** From looking to buying, as far as it is there; else the two things most people do. */
export function way(events: EventName[]): Act[] {
  const names = new Set(events.map(({ name }) => name))
  const shop = WAY.filter((name) => names.has(name))
  if (shop.length >= 2) return shop.map((name) => act(name))
  const byPeople = [...events].sort((one, other) => other.people - one.people).map(({ name }) => name)
  const own = byPeople.filter((name) => !OURS.test(name))
  return own.slice(0, 2).map((name) => act(name))
}
