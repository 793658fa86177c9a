import type { Graph } from './graph'
import type { Placed } from './layout'

/** The step an arrow key leads to: down and up along the flows, left and right within the layer. */
export function stepBeside(at: string, key: string, graph: Graph, placed: Placed): string | null {
  const here = placed.cards.get(at)
  if (!here) return null
  if (key === 'ArrowDown') return graph.flows.find(({ from }) => from === at)?.to ?? null
  if (key === 'ArrowUp') return graph.flows.find(({ to }) => to === at)?.from ?? null
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return null
  const layer = [...placed.cards].filter(([, { y }]) => y === here.y).sort(([, a], [, b]) => a.x - b.x)
  const i = layer.findIndex(([id]) => id === at)
  return layer[key === 'ArrowLeft' ? i - 1 : i + 1]?.[0] ?? null
}
