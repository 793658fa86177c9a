import { describe, expect, it } from 'vitest'
import type { Run, RunStep } from '~/api/types'
import { flowLabel, graphOf, type Graph } from '~/pages/runs/graph'
import { CARD_HEIGHT, CARD_WIDTH, flowKey, layersOf, layout } from '~/pages/runs/layout'
import { stepBeside } from '~/pages/runs/stepBeside'
import { corners, pillAt, rounded } from '~/pages/runs/way'

const step = (id: string): RunStep => ({ id, type: 'wait', title: id, note: '', entered: 1, waiting: 0, exits: {} })
const graph = (...pairs: string[]): Graph => {
  const flows = pairs.map((pair) => ({ from: pair[0]!, to: pair[1]!, exits: ['x'], count: 1 }))
  return { steps: [...new Set(pairs.join(''))].map(step), flows }
}

const SHAPES: [string, Graph][] = [
  ['a line', graph('ab', 'bc')],
  ['a diamond with a shortcut', graph('ab', 'ac', 'bd', 'cd', 'ad')],
  ['a fan', graph('ab', 'ac', 'ad', 'ae', 'bf', 'cf', 'df', 'ef', 'af')],
  ['two ends and a long way', graph('ab', 'ac', 'bd', 'de', 'ef', 'cf', 'bg', 'ag')],
  ['a loop', graph('ab', 'bc', 'cb', 'cd')],
]

describe.each(SHAPES)('%s', (_, shape) => {
  const placed = layout(shape)
  const cards = [...placed.cards]

  it('has every card, and no two overlap', () => {
    expect(cards).toHaveLength(shape.steps.length)
    for (const [a, at] of cards) {
      for (const [b, other] of cards) {
        if (a >= b) continue
        const apart = Math.abs(at.x - other.x) >= CARD_WIDTH || Math.abs(at.y - other.y) >= CARD_HEIGHT
        expect(apart, `${a} and ${b}`).toBe(true)
      }
    }
  })

  it('runs downward', () => {
    const layer = layersOf(shape)
    for (const { from, to } of shape.flows) {
      if (placed.lanes.has(flowKey({ from, to }))) expect(layer.get(to)!).toBeGreaterThan(layer.get(from)!)
    }
    expect(Math.min(...cards.map(([, { x }]) => x))).toBeGreaterThanOrEqual(0)
  })

  it('passes no flow behind a card, through a lane in every layer between', () => {
    const layer = layersOf(shape)
    for (const { from, to } of shape.flows) {
      const between = layer.get(to)! - layer.get(from)! - 1
      if (between > 0) expect(placed.lanes.get(flowKey({ from, to }))).toHaveLength(between)
    }
    for (const through of placed.lanes.values()) {
      for (const lane of through) {
        for (const [id, at] of cards) {
          const behind = lane.y > at.y && lane.y < at.y + CARD_HEIGHT && lane.x > at.x && lane.x < at.x + CARD_WIDTH
          expect(behind, id).toBe(false)
        }
      }
    }
  })
})

it('walks the graph by arrow keys', () => {
  const shape = graph('ab', 'ac', 'bd')
  const placed = layout(shape)
  expect(stepBeside('a', 'ArrowDown', shape, placed)).toBe('b')
  expect(stepBeside('d', 'ArrowUp', shape, placed)).toBe('b')
  expect([stepBeside('b', 'ArrowRight', shape, placed), stepBeside('c', 'ArrowRight', shape, placed)].filter(Boolean)).toHaveLength(1)
  expect(stepBeside('a', 'Tab', shape, placed)).toBeNull()
})

it('draws a straight flow straight, and rounds the corners of a bent one', () => {
  expect(rounded(corners({ x: 5, y: 0 }, [], { x: 5, y: 60 }, 30))).toBe('M5 0L5 60')
  expect(rounded(corners({ x: 0, y: 0 }, [], { x: 90, y: 60 }, 30)).match(/Q/g)).toHaveLength(2)
})

it('puts a label where several flows meet on its own way, also where that goes straight down at first', () => {
  const start = { x: 100, y: 77 }
  const end = { x: 300, y: 426 }
  const lanes = [180, 322]
  const ways = [[100, 100], [100, 200], [200, 100], [103, 300], [40, 40]].map((at) => at.map((x, i) => ({ x, y: lanes[i]! })))
  for (const through of [[], [{ x: 100, y: 180 }], ...ways]) {
    const points = corners(start, through, end, 34)
    const pill = pillAt(points, true, 34)
    const within = (value: number, one: number, other: number) => value >= Math.min(one, other) && value <= Math.max(one, other)
    const on = points.slice(1).some((to, i) => within(pill.x, points[i]!.x, to.x) && within(pill.y, points[i]!.y, to.y))
    expect(on, JSON.stringify({ through, pill })).toBe(true)
  }
})

describe('the graph of a run', () => {
  const base = { kind: 'journey', id: 'j', name: 'J', state: 'live', version: 1, entered: 0, waiting: 0, sent: 0, result: null, sends: {} }

  it('joins exits that lead to the same step, and adds their people', () => {
    const run = {
      ...base,
      definition: { steps: { mail: { exits: { sent: 'done', withheld: 'done' } }, done: {} } },
      steps: [{ ...step('mail'), exits: { sent: 7, withheld: 2 } }, step('done')],
    } as unknown as Run
    const { flows } = graphOf(run)
    expect(flows).toEqual([{ from: 'mail', to: 'done', exits: ['sent', 'withheld'], count: 9 }])
    expect(flowLabel(flows[0]!, graphOf(run))).toBe('')
  })

  it('puts the steps of a campaign in a row, counted or not', () => {
    const run = { ...base, definition: { trigger: {}, send: {} }, steps: [{ ...step('trigger'), exits: { entered: 3 } }, step('send'), step('exit')] } as unknown as Run
    expect(graphOf(run).flows.map(({ from, to, count }) => [from, to, count])).toEqual([
      ['trigger', 'send', 3],
      ['send', 'exit', 0],
    ])
  })

  it('leads who did it past the message of a campaign that waits', () => {
    const unless = { ...step('unless'), exits: { happened: 2, expired: 5 } }
    const run = { ...base, definition: { trigger: {}, unless: {}, send: {} }, steps: [step('trigger'), unless, step('send'), step('exit')] } as unknown as Run
    expect(graphOf(run).flows.map(({ from, to, exits, count }) => [from, to, exits.join(), count])).toEqual([
      ['trigger', 'unless', 'entered', 0],
      ['unless', 'exit', 'happened', 2],
      ['unless', 'send', 'expired', 5],
      ['send', 'exit', 'sent,withheld', 0],
    ])
  })

  it('lets an exit of a journey be an end', () => {
    const run = { ...base, definition: { steps: { a: {}, b: {} } }, steps: [step('a'), step('b')] } as unknown as Run
    expect(graphOf(run).flows).toEqual([])
  })
})
