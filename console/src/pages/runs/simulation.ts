/** Sums over what a simulation told: by step, by reason, by day. */

import type { Estimate, Simulation } from '~/api/types'
import { titleTold } from '~/words/told'
import { exitWords } from './graph'

const NOTHING: Estimate = { count: 0, low: 0, high: 0 }

/** Ends of intervals are added like the counts: too wide rather than too narrow. */
export const sum = (each: Estimate[]): Estimate =>
  each.reduce((total, { count, low, high }) => ({ count: total.count + count, low: total.low + low, high: total.high + high }), NOTHING)

/** All messages of one outcome; the withheld are told by reason, and are added up. */
export const outcome = (data: Simulation, name: string): Estimate =>
  sum(Object.entries(data.outcomes).flatMap(([key, each]) => (key === name || key.startsWith(`${name}: `) ? [each] : [])))

/** Why messages were withheld, most often first. */
export function byReason(data: Simulation): [string, Estimate][] {
  const reasons = new Map<string, Estimate[]>()
  for (const each of data.sends) {
    if (each.outcome === 'withheld') reasons.set(each.reason, [...(reasons.get(each.reason) ?? []), each])
  }
  return [...reasons].map(([reason, each]): [string, Estimate] => [reason, sum(each)]).sort(([, a], [, b]) => b.count - a.count)
}

/** Every day of the period on which something happened, oldest first. */
export const daysOf = (data: Simulation): string[] =>
  [...new Set([...data.entered.by_day, ...data.sends].map(({ day }) => day))].sort()

export function perDay(data: Simulation, day: string) {
  const sends = data.sends.filter((each) => each.day === day)
  const entered = data.entered.by_day.find((each) => each.day === day)
  return {
    entries: sum(Object.values(entered?.arms ?? {})),
    sent: sum(sends.filter((each) => each.outcome === 'sent')),
    withheld: sum(sends.filter((each) => each.outcome === 'withheld')),
  }
}

/** Each step that asks for messages, in the order of the journey. */
export function perStep(data: Simulation) {
  const days = daysOf(data)
  return data.steps.flatMap(({ id, title }) => {
    const own = data.sends.filter((each) => each.step === id)
    return [...new Set(own.map(({ channel }) => channel))].map((channel) => {
      const of = (name: string) => own.filter((each) => each.channel === channel && each.outcome === name)
      const sent = of('sent')
      return {
        step: id,
        title,
        channel,
        sent: sum(sent),
        withheld: sum(of('withheld')),
        waiting: sum(of('waiting')),
        sentByDay: days.map((day) => sum(sent.filter((each) => each.day === day)).count),
      }
    })
  })
}

/** A way as it is told, such as "wait: expired", by what its steps and their exits are called; steps of one name are told apart by their ids. */
export function wayWords(data: Pick<Simulation, 'steps'>, way: string[]): string {
  const titles = new Map(data.steps.map(({ id, title }) => [id, titleTold(title)]))
  const names = [...titles.values()]
  const called = (id: string) => {
    const name = titles.get(id)
    return name === undefined ? id : names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${id})`
  }
  return way
    .map((stop) => {
      const [id = stop, exit] = stop.split(': ')
      return exit ? `${called(id)}: ${exitWords(exit)}` : called(id)
    })
    .join(' → ')
}
