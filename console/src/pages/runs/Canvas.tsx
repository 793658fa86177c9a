import '@xyflow/react/dist/base.css'
import { useReducedMotion } from '@mantine/hooks'
import { Background, BackgroundVariant, Controls, MiniMap, ReactFlow, ReactFlowProvider } from '@xyflow/react'
import { type KeyboardEvent, useMemo } from 'react'
import styles from './Canvas.module.css'
import { FlowEdge, type FlowLine } from './FlowEdge'
import { flowLabel, type Graph } from './graph'
import { flowKey, layout } from './layout'
import { StepCard, type StepNode } from './StepCard'
import { stepBeside } from './stepBeside'

const NODES = { step: StepCard }
const EDGES = { flow: FlowEdge }
const MINIMAP_ABOVE = 30
const STILL_ABOVE = 60

interface Props {
  graph: Graph
  live: boolean
  selected: string | null
  select: (id: string | null) => void
}

export function Canvas({ graph, live, selected, select }: Props) {
  const still = useReducedMotion() ?? false
  const shape = graph.flows.map(flowKey).join() + graph.steps.map(({ id }) => id).join()
  // Counts change every few seconds, places only with the shape.
  const placed = useMemo(() => layout(graph), [shape])
  const most = Math.max(1, ...graph.flows.map(({ count }) => count))
  const moves = live && !still && graph.steps.length <= STILL_ABOVE
  const nodes: StepNode[] = graph.steps.map((step) => ({
    id: step.id,
    type: 'step',
    position: placed.cards.get(step.id)!,
    data: { step, selected: step.id === selected },
    ariaLabel: `${step.title || step.id}, ${step.entered} entered, ${step.waiting} waiting`,
  }))
  const edges: FlowLine[] = graph.flows.map((flow) => ({
    id: flowKey(flow),
    source: flow.from,
    target: flow.to,
    type: 'flow',
    focusable: false,
    data: {
      through: placed.lanes.get(flowKey(flow)) ?? [],
      label: flowLabel(flow, graph),
      weight: flow.count / most,
      moving: moves && flow.count > 0,
      shared: graph.flows.some(({ from, to }) => to === flow.to && from !== flow.from),
    },
  }))
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = (event.target as HTMLElement).closest<HTMLElement>('.react-flow__node')?.dataset['id']
    if (!at) return
    if (event.key === 'Enter' || event.key === ' ') select(at)
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
      <div className={styles.canvas} onKeyDownCapture={onKeyDown} role="region" aria-label="Journey canvas">
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODES}
          edgeTypes={EDGES}
          onNodeClick={(_, node) => select(node.id)}
          onPaneClick={() => select(null)}
          nodesDraggable={false}
          nodesConnectable={false}
          elementsSelectable={false}
          nodesFocusable
          edgesFocusable={false}
          deleteKeyCode={null}
          fitView
          fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
          minZoom={0.25}
          maxZoom={1.6}
        >
          <Background variant={BackgroundVariant.Dots} gap={18} size={1} color="var(--line-strong)" />
          <Controls showInteractive={false} position="bottom-left" />
          {graph.steps.length > MINIMAP_ABOVE && <MiniMap pannable zoomable />}
        </ReactFlow>
      </div>
    </ReactFlowProvider>
  )
}
