import '@xyflow/react/dist/base.css'
import { useReducedMotion } from '@mantine/hooks'
import { Background, BackgroundVariant, Controls, MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from '@xyflow/react'
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useMemo, useRef } from 'react'
import { counted, t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import styles from './Canvas.module.css'
import { FlowEdge, type FlowLine } from './FlowEdge'
import { type DrawnStep, exitWords, flowLabel, type Graph } from './graph'
import { GapCard, type GapNode } from './GapCard'
import { CARD_HEIGHT, CARD_WIDTH, flowKey, layout, type Point } from './layout'
import { StepCard, type StepNode } from './StepCard'
import { stepBeside } from './stepBeside'

const NODES = { step: StepCard, gap: GapCard }
const EDGES = { flow: FlowEdge }
const MINIMAP_ABOVE = 30
const STILL_ABOVE = 60

interface Props {
  graph: Graph
  live: boolean
  /** Every step that is chosen. */
  selected: string[]
  /** `more`: beside those chosen already. */
  select: (id: string | null, more?: boolean) => void
  label?: string
  /** What lies on the canvas beside the graph. */
  children?: ReactNode
}

export function Canvas({ graph, live, selected, select, label, children }: Props) {
  const still = useReducedMotion() ?? false
  const shape = graph.flows.map(flowKey).join() + graph.steps.map(({ id }) => id).join()
  // Counts change every few seconds, places only with the shape.
  const placed = useMemo(() => layout(graph), [shape])
  const chosen = selected.join(' ')
  const frame = useRef<HTMLDivElement>(null)
  const titles = useMemo(() => new Map(graph.steps.map((step) => [step.id, step.title || step.id])), [graph])
  const nodes = useKept(
    useMemo(() => {
      const ids = new Set(chosen.split(' '))
      return graph.steps.map((step): AnyNode => {
        const position = placed.cards.get(step.id)!
        return step.gap ? gapNode(step.id, step.gap, position, titles) : stepNode(step, position, ids.has(step.id))
      })
    }, [graph, placed, chosen, titles]),
  )
  const edges = useKept(
    useMemo(() => {
      const most = Math.max(1, ...graph.flows.map(({ count }) => count))
      const moves = live && !still && graph.steps.length <= STILL_ABOVE
      const into = new Map<string, number>()
      for (const { to } of graph.flows) into.set(to, (into.get(to) ?? 0) + 1)
      return graph.flows.map(
        (flow): FlowLine => ({
          id: flowKey(flow),
          source: flow.from,
          target: flow.to,
          type: 'flow',
          focusable: false,
          ariaLabel: t('From {{from}} to {{to}}', { from: titles.get(flow.from) ?? flow.from, to: titles.get(flow.to) ?? flow.to }),
          data: {
            through: placed.lanes.get(flowKey(flow)) ?? [],
            label: flowLabel(flow, graph),
            // To a tenth of a pixel: counts that grow a little change nothing that can be seen.
            weight: Math.round((flow.count / most) * 50) / 50,
            moving: moves && flow.count > 0,
            shared: (into.get(flow.to) ?? 0) > 1,
            exits: flow.exits.join(' '),
            words: t('Add a step between {{from}} and {{to}}', { from: titles.get(flow.from) ?? flow.from, to: titles.get(flow.to) ?? flow.to }),
            open: flow.to.includes(' '),
          },
        }),
      )
    }, [graph, placed, live, still, titles]),
  )
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement
    const at = target.closest<HTMLElement>('.react-flow__node')?.dataset['id']
    // A button within a card is a button.
    if (!at || target.closest('button')) return
    if (event.key === 'Enter' || event.key === ' ') select(at, event.shiftKey)
    else if (event.key === 'Escape') select(null)
    else {
      const next = stepBeside(at, event.key, graph, placed)
      if (!next) return
      event.currentTarget.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(next)}"]`)?.focus()
    }
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <ReactFlowProvider>
      <div ref={frame} className={styles.canvas} onKeyDownCapture={onKeyDown} role="region" aria-label={label ?? t('Journey canvas')}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODES}
          edgeTypes={EDGES}
          onNodeClick={(event, node) => node.type === 'step' && select(node.id, event.shiftKey || event.metaKey || event.ctrlKey)}
          onPaneClick={() => select(null)}
          nodesDraggable={false}
          nodesConnectable={false}
          elementsSelectable={false}
          nodesFocusable
          edgesFocusable={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          ariaLabelConfig={LABELS}
          multiSelectionKeyCode={null}
          fitView
          fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
          minZoom={0.15}
          maxZoom={1.6}
        >
          <Background variant={BackgroundVariant.Dots} gap={18} size={1} color="var(--line-strong)" />
          <Controls showInteractive={false} position="bottom-left" />
          {graph.steps.length > MINIMAP_ABOVE && <MiniMap pannable zoomable nodeColor="var(--line-strong)" maskColor="var(--scrim)" bgColor="var(--surface)" />}
        </ReactFlow>
        <Reach frame={frame} />
        <Follow node={selected.at(-1) ?? null} still={still} />
        {children}
      </div>
    </ReactFlowProvider>
  )
}

/** From further away places to add steps would lie on one another: they come back as one comes nearer. */
const NEAR = 0.75

/** What can be pressed stays as large as a finger, however far away the canvas is. */
function Reach({ frame }: { frame: RefObject<HTMLDivElement | null> }) {
  const zoom = useStore(({ transform }) => Math.round(transform[2] * 50) / 50)
  useEffect(() => {
    frame.current?.style.setProperty('--reach', String(1 / Math.min(1, zoom)))
    if (frame.current) frame.current.dataset['far'] = String(zoom < NEAR)
  }, [frame, zoom])
  return null
}

const MARGIN_PX = 24

/** Brings what is chosen into view where it is not. */
function Follow({ node, still }: { node: string | null; still: boolean }) {
  const flow = useReactFlow()
  const size = useStore(({ width, height }) => `${width} ${height}`)
  const position = useStore(({ nodeLookup }) => {
    const at = node === null ? undefined : nodeLookup.get(node)?.internals.positionAbsolute
    return at ? `${at.x} ${at.y}` : ''
  })
  useEffect(() => {
    if (!position) return
    const [x = 0, y = 0] = position.split(' ').map(Number)
    const [width = 0, height = 0] = size.split(' ').map(Number)
    const view = flow.getViewport()
    const [left, top] = [x * view.zoom + view.x, y * view.zoom + view.y]
    const [right, bottom] = [left + CARD_WIDTH * view.zoom, top + CARD_HEIGHT * view.zoom]
    const inside = left >= MARGIN_PX && top >= MARGIN_PX && right <= width - MARGIN_PX && bottom <= height - MARGIN_PX
    if (!inside && width > 0) void flow.setCenter(x + CARD_WIDTH / 2, y + CARD_HEIGHT / 2, { zoom: Math.max(view.zoom, 0.6), duration: still ? 0 : 250 })
  }, [position, size, flow, still])
  return null
}

type AnyNode = StepNode | GapNode

/** What did not change stays the very same object, so that nothing about it is drawn again. */
function useKept<T extends { id: string }>(items: T[]): T[] {
  const before = useRef(new Map<string, { text: string; item: T }>())
  return useMemo(() => {
    const kept = new Map<string, { text: string; item: T }>()
    const found = items.map((item) => {
      const text = JSON.stringify(item)
      const old = before.current.get(item.id)
      const same = old?.text === text ? old : { text, item }
      kept.set(item.id, same)
      return same.item
    })
    before.current = kept
    return found
  }, [items])
}

const gapNode = (id: string, { from, exits }: { from: string; exits: string[] }, position: Point, titles: Map<string, string>): GapNode => ({
  id,
  type: 'gap',
  position,
  focusable: false,
  data: { from, exits: exits.join(' '), words: t('Add a step after {{from}}, {{exits}}', { from: titles.get(from) ?? from, exits: exits.map(exitWords).join(', ') }) },
})

const stepNode = (step: DrawnStep, position: Point, selected: boolean): StepNode => ({
  id: step.id,
  type: 'step',
  position,
  data: { step, selected },
  ariaLabel: said(step),
})

/** What the canvas says of itself to readers of screens. */
const LABELS = {
  'node.a11yDescription.default': t('Press enter to choose the step.'),
  'node.a11yDescription.keyboardDisabled': t('Press enter to choose the step.'),
  'edge.a11yDescription.default': t('A way from one step to another.'),
  'controls.ariaLabel': t('Size of the drawing'),
  'controls.zoomIn.ariaLabel': t('Larger'),
  'controls.zoomOut.ariaLabel': t('Smaller'),
  'controls.fitView.ariaLabel': t('Show all of it'),
  'minimap.ariaLabel': t('The whole drawing, small'),
}

const said = (step: DrawnStep) =>
  [
    step.title || step.id,
    toldGroup(step.note),
    t('{{entered}} entered, {{waiting}} waiting', { entered: step.entered, waiting: step.waiting }),
    step.problems ? counted(step.problems, '{{count}} thing is wrong', '{{count}} things are wrong') : '',
  ]
    .filter(Boolean)
    .join(', ')
