/** A definition as a graph to draw: with the numbers of those who went through, what is different, and what is wrong. */

import type { Shape } from '~/api/shape'
import type { Run } from '~/api/types'
import { declared } from '~/words/declared'
import { type DrawnStep, type Fields, type Flow, type Graph, titleIn } from '../graph'
import { type Definition, exitsOf, type Place, stepsOf } from './draft'
import { type Kinds, openWays } from './kinds'
import type { Mark } from './marks'

export type Card = Shape<'CardShape'>

interface Known {
  kinds: Kinds
  /** What the server says of each step, as far as it could be read. */
  cards: Record<string, Card>
  /** The published one with its numbers, if there is one. */
  run: Run | null
  marks: Map<string, Mark>
  /** How many things are wrong with each step. */
  problems: Map<string, number>
  /** Whether exits that lead nowhere are drawn. */
  gaps: boolean
}

/** No step is called so: ids hold no spaces. */
export const gapId = ({ from, exits }: Place) => `${from} ${exits.join(' ')}`

export function drawingOf(definition: Definition, known: Known): Graph {
  const published = new Map(known.run?.steps.map((step) => [step.id, step]))
  const steps: DrawnStep[] = []
  const flows: Flow[] = []
  const all = stepsOf(definition)
  for (const [id, step] of Object.entries(all)) {
    const type = String(step['type'] ?? '')
    const before = published.get(id)
    const card = known.cards[id] ?? (before?.type === type ? before : undefined)
    const mark = known.marks.get(id)
    const channel = step['channel']
    steps.push({
      id,
      type,
      title: titleOf(card?.title, known.kinds.steps.get(type)?.label ?? type, step),
      note: card?.note ?? '',
      entered: before?.entered ?? 0,
      waiting: before?.waiting ?? 0,
      exits: before?.exits ?? {},
      ...(typeof channel === 'string' ? { channel } : {}),
      ...(mark ? { mark } : {}),
      problems: known.problems.get(id) ?? 0,
    })
    for (const [exit, to] of Object.entries(exitsOf(step))) {
      if (!(to in all)) continue
      const same = flows.find((flow) => flow.from === id && flow.to === to)
      const count = before?.exits[exit] ?? 0
      if (same) {
        same.exits.push(exit)
        same.count += count
      } else flows.push({ from: id, to, exits: [exit], count })
    }
  }
  if (known.gaps) {
    for (const place of Object.entries(all).flatMap(([id, step]) => gapsOf(id, openWays(step, known.kinds.steps.get(String(step['type']))), known.kinds.steps.get(String(step['type']))?.family))) {
      const id = gapId(place)
      steps.push({ id, type: 'gap', title: '', note: '', entered: 0, waiting: 0, exits: {}, gap: place })
      flows.push({ from: place.from, to: id, exits: place.exits, count: 0 })
    }
  }
  return { steps, flows }
}

/** A card that is called as its kind is says so in the reader's language; of any other what its author wrote stays. */
function titleOf(title: string | undefined, label: string, step: Fields): string {
  return title === undefined || title === label ? declared(label) : titleIn(title, step)
}

/** Ways that are open: of a branch each by itself, of a message together, for it goes on alike. */
function gapsOf(from: string, ways: string[], family: string | undefined): Place[] {
  if (ways.length === 0) return []
  return family === 'message' ? [{ from, exits: ways }] : ways.map((exit) => ({ from, exits: [exit] }))
}
