/** The graph of a journey: its steps, and where each exit leads. */

import type { Json, Run, RunStep } from '~/api/types'

export interface Flow {
  from: string
  to: string
  /** The exits that lead this way, in the step's order. */
  exits: string[]
  /** People who went this way. */
  count: number
}

export interface Graph {
  steps: RunStep[]
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

function exitsOf(run: Run, step: RunStep, next: RunStep | undefined): [string, string][] {
  const written = Object.entries(asFields(stepDefinition(run, step)['exits']))
  if (written.length > 0) return written.map(([exit, to]) => [exit, String(to)])
  // A campaign does not write its exits down: every step leads to the next.
  if (!next || 'steps' in run.definition) return []
  const exits = Object.keys(step.exits)
  return exits.length > 0 ? exits.map((exit) => [exit, next.id]) : [['', next.id]]
}

export function graphOf(run: Run): Graph {
  const known = new Set(run.steps.map((step) => step.id))
  const flows: Flow[] = []
  run.steps.forEach((step, i) => {
    for (const [exit, to] of exitsOf(run, step, run.steps[i + 1])) {
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
  return { steps: run.steps, flows }
}

const EXITS: Record<string, string> = { happened: 'Happened', expired: 'Not in time', yes: 'Yes', no: 'No', unknown: 'Unknown', sent: 'Sent', withheld: 'Withheld' }

export const exitWords = (exit: string) => EXITS[exit] ?? exit.charAt(0).toUpperCase() + exit.slice(1)

/** What the pill on a flow says; nothing when the step has only one way out. */
export function flowLabel(flow: Flow, graph: Graph): string {
  const ways = graph.flows.filter(({ from }) => from === flow.from)
  return ways.length > 1 ? flow.exits.map(exitWords).join(', ') : ''
}
