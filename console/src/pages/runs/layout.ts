/**
 * Places the steps of a journey top to bottom.
 *
 * Layers by longest way from the start; flows over several layers pass through a lane in each, so that no flow runs
 * behind a card; order in a layer by the mean place of what is above; then places pulled toward their neighbours.
 */

import type { Flow, Graph } from './graph'

export const CARD_WIDTH = 232
export const CARD_HEIGHT = 77
const LANE_WIDTH = 40
const GAP_X = 44
export const LAYER_HEIGHT = 142
const PASSES = 12

export interface Point {
  x: number
  y: number
}

export interface Placed {
  /** Top left corner of every card. */
  cards: Map<string, Point>
  /** The lanes a flow passes through, as centre points, from top to bottom; key "from>to". */
  lanes: Map<string, Point[]>
}

interface Slot {
  id: string
  width: number
  layer: number
  centre: number
}

export const flowKey = ({ from, to }: Pick<Flow, 'from' | 'to'>) => `${from}>${to}`

/** The layer of every step. A flow that leads back up does not push anything down. */
export function layersOf(graph: Graph): Map<string, number> {
  const layer = new Map<string, number>()
  const open = new Set<string>()
  const below = new Map<string, string[]>()
  for (const { from, to } of graph.flows) below.set(from, [...(below.get(from) ?? []), to])
  const place = (id: string, at: number) => {
    if (open.has(id) || (layer.get(id) ?? -1) >= at) return
    layer.set(id, at)
    open.add(id)
    for (const next of below.get(id) ?? []) place(next, at + 1)
    open.delete(id)
  }
  const targets = new Set(graph.flows.map(({ to }) => to))
  for (const { id } of graph.steps) if (!targets.has(id)) place(id, 0)
  for (const { id } of graph.steps) if (!layer.has(id)) place(id, 0)
  return layer
}

export function layout(graph: Graph): Placed {
  const layerOf = layersOf(graph)
  const layers: Slot[][] = []
  const put = (slot: Slot) => {
    layers[slot.layer] ??= []
    layers[slot.layer]!.push(slot)
    return slot
  }
  const slots = new Map(graph.steps.map(({ id }) => [id, put({ id, width: CARD_WIDTH, layer: layerOf.get(id) ?? 0, centre: 0 })]))
  const links: [Slot, Slot][] = []
  const lanes = new Map<string, Slot[]>()
  for (const flow of graph.flows) {
    const top = slots.get(flow.from)!
    const end = slots.get(flow.to)!
    if (end.layer <= top.layer) continue
    const through: Slot[] = []
    for (let layer = top.layer + 1; layer < end.layer; layer++) {
      through.push(put({ id: `${flowKey(flow)}@${layer}`, width: LANE_WIDTH, layer, centre: 0 }))
    }
    lanes.set(flowKey(flow), through)
    const way = [top, ...through, end]
    way.slice(1).forEach((slot, i) => links.push([way[i]!, slot]))
  }
  arrange(layers, links)
  const left = Math.min(0, ...[...slots.values()].map((slot) => slot.centre - CARD_WIDTH / 2))
  const at = (slot: Slot, dy: number): Point => ({ x: slot.centre - left, y: slot.layer * LAYER_HEIGHT + dy })
  return {
    cards: new Map([...slots].map(([id, slot]) => [id, { ...at(slot, 0), x: slot.centre - left - CARD_WIDTH / 2 }])),
    lanes: new Map([...lanes].map(([key, through]) => [key, through.map((slot) => at(slot, CARD_HEIGHT / 2))])),
  }
}

const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length

function arrange(layers: Slot[][], links: [Slot, Slot][]) {
  const above = neighbours(links, 1, 0)
  const below = neighbours(links, 0, 1)
  for (const layer of layers) {
    layer.forEach((slot, i) => (slot.centre = mean(above.get(slot)?.map((up) => up.centre) ?? [0]) + i))
    spread(layer)
  }
  for (let pass = 0; pass < PASSES; pass++) {
    const down = pass % 2 === 0
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const slot of layer) {
        const near = (down ? above : below).get(slot)
        if (near) slot.centre = mean(near.map(({ centre }) => centre))
      }
      spread(layer)
    }
  }
}

function neighbours(links: [Slot, Slot][], of: 0 | 1, to: 0 | 1): Map<Slot, Slot[]> {
  const found = new Map<Slot, Slot[]>()
  for (const link of links) {
    const near = found.get(link[of])
    if (near) near.push(link[to])
    else found.set(link[of], [link[to]])
  }
  return found
}

/** Keeps the order of the wanted places and pushes overlapping slots apart, around where they wanted to be. */
function spread(layer: Slot[]) {
  layer.sort((a, b) => a.centre - b.centre)
  const wanted = mean(layer.map(({ centre }) => centre))
  layer.forEach((slot, i) => {
    const before = layer[i - 1]
    if (before) slot.centre = Math.max(slot.centre, before.centre + before.width / 2 + GAP_X + slot.width / 2)
  })
  const shift = wanted - mean(layer.map(({ centre }) => centre))
  for (const slot of layer) slot.centre += shift
}
