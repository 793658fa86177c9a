/** The graph of a journey: its steps, and where each exit leads. */

import type { Json, Run, RunStep } from '~/api/types'
import { t } from '~/words/language'
import { titleTold } from '~/words/told'

export interface Flow {
  from: string
  to: string
  /** The exits that lead this way, in the step's order. */
  exits: string[]
  /** People who went this way. */
  count: number
}

/** A step as it is drawn: with what an editor has to say of it. */
export interface DrawnStep extends RunStep {
  /** Of one that sends: by what. */
  channel?: string
  mark?: 'added' | 'changed' | 'removed'
  /** How many things are wrong with it. */
  problems?: number
  /** It stands for exits that lead nowhere yet. */
  gap?: { from: string; exits: string[] }
}

export interface Graph {
  steps: DrawnStep[]
  flows: Flow[]
}

export type Fields = { [key: string]: Json }

export const asFields = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}

/** A step's definition; a campaign says only its trigger and its send. */
export function stepDefinition(run: Run, step: RunStep): Fields {
  const steps = asFields(run.definition['steps'])
  return asFields(steps[step.id] ?? run.definition[step.id] ?? run.definition[step.type])
}

/** The whole definition with one step said otherwise. */
export function withStep(run: Run, step: RunStep, said: Fields): Fields {
  const steps = asFields(run.definition['steps'])
  if (step.id in steps) return { ...run.definition, steps: { ...steps, [step.id]: said } }
  return { ...run.definition, [step.id in run.definition ? step.id : step.type]: said }
}

/** A campaign does not write its exits down: it waits whether something happens, sends, and is over. */
const CAMPAIGN_EXITS: Record<string, [string, string][]> = {
  unless: [['happened', 'exit'], ['expired', 'send']],
  send: [['sent', 'exit'], ['withheld', 'exit']],
}

function exitsOf(run: Run, step: RunStep): [string, string][] {
  if ('steps' in run.definition) return Object.entries(asFields(stepDefinition(run, step)['exits'])).map(([exit, to]) => [exit, String(to)])
  if (step.id !== 'trigger') return CAMPAIGN_EXITS[step.id] ?? []
  return [['entered', run.steps.some(({ id }) => id === 'unless') ? 'unless' : 'send']]
}

export function graphOf(run: Run): Graph {
  const known = new Set(run.steps.map((step) => step.id))
  const flows: Flow[] = []
  run.steps.forEach((step) => {
    for (const [exit, to] of exitsOf(run, step)) {
      if (!known.has(to)) continue
      const same = flows.find((flow) => flow.from === step.id && flow.to === to)
      if (same) {
        same.exits.push(exit)
        same.count += step.exits[exit] ?? 0
      } else {
        flows.push({ from: step.id, to, exits: [exit], count: step.exits[exit] ?? 0 })
      }
    }
  })
  return { steps: run.steps.map((step) => drawn(step, stepDefinition(run, step))), flows }
}

function drawn(step: RunStep, said: Fields): DrawnStep {
  const channel = said['channel']
  return { ...step, title: titleIn(step.title, said), ...(typeof channel === 'string' ? { channel } : {}) }
}

/** What a step is called, in the reader's language; what its author called something stays. */
export const titleIn = (title: string, said: Fields): string => (title === said['event'] ? title : titleTold(title))

const EXITS: Record<string, () => string> = {
  entered: () => t('Entered'),
  happened: () => t('Happened'),
  expired: () => t('Not in time'),
  yes: () => t('Yes'),
  no: () => t('No'),
  unknown: () => t('Unknown'),
  sent: () => t('Sent'),
  withheld: () => t('Withheld'),
  waited: () => t('In time'),
  past: () => t('Already past'),
  missing: () => t('No such day'),
  updated: () => t('Changed'),
  unchanged: () => t('Not changed'),
  next: () => t('Goes on'),
  apart: () => t('Takes no part'),
  condition: () => t('Not in the audience any more'),
}

/** What lets in a whole audience does so in runs: a date, a call, something that happened. */
const IN_RUNS = new Set(['dates', 'recurring', 'date_trait', 'business_event', 'api'])

export const comesInRuns = (run: Run) => run.steps.some(({ type }) => IN_RUNS.has(type))

export const exitWords = (exit: string) => (Object.hasOwn(EXITS, exit) ? EXITS[exit]!() : exit.charAt(0).toUpperCase() + exit.slice(1))

/** What the pill on a flow says; nothing when the step has only one way out. */
export function flowLabel(flow: Flow, graph: Graph): string {
  const ways = graph.flows.filter(({ from }) => from === flow.from)
  return ways.length > 1 ? flow.exits.map(exitWords).join(', ') : ''
}
