import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react'
import type { Point } from './layout'
import styles from './Canvas.module.css'
import { corners, rounded } from './way'

export type FlowLine = Edge<{ through: Point[]; label: string; weight: number; moving: boolean }, 'flow'>

/** How far above the target the line crosses; the label sits there too. */
const RISE = 34
const THICKEST_PX = 5

export function FlowEdge({ id, sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowLine>) {
  if (!data) return null
  const points = corners({ x: sourceX, y: sourceY }, data.through, { x: targetX, y: targetY }, RISE)
  const path = rounded(points)
  return (
    <>
      <path id={id} className={styles.flow} d={path} style={{ strokeWidth: 1.25 + data.weight * THICKEST_PX }} />
      {data.moving && (
        <circle className={styles.particle} r="2.4">
          <animateMotion dur={`${(3.4 - 1.4 * data.weight).toFixed(1)}s`} repeatCount="indefinite" path={path} />
        </circle>
      )}
      {data.label && (
        <EdgeLabelRenderer>
          <span className={styles.pill} style={{ transform: `translate(-50%, -50%) translate(${targetX}px, ${targetY - RISE + pillDrop(points)}px)` }}>
            {data.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

/** Several flows may meet at one target: those coming from the side put their pill on the crossing, before they meet. */
function pillDrop(points: Point[]): number {
  return points.length > 2 ? 0 : 4
}
