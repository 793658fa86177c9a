import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react'
import type { Point } from './layout'
import styles from './Canvas.module.css'
import { corners, rounded } from './way'

export type FlowLine = Edge<{ through: Point[]; label: string; weight: number; moving: boolean; shared: boolean }, 'flow'>

/** How far above the target the line crosses; the label sits there too. */
const RISE = 34
const THICKEST_PX = 5

export function FlowEdge({ id, sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowLine>) {
  if (!data) return null
  const points = corners({ x: sourceX, y: sourceY }, data.through, { x: targetX, y: targetY }, RISE)
  const path = rounded(points)
  const pill = pillAt(points, data.shared)
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
          <span className={styles.pill} style={{ transform: `translate(-50%, -50%) translate(${pill.x}px, ${pill.y}px)` }}>
            {data.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

/** At the target's end; where several flows meet at one target, still on this flow's own way, so pills do not pile up. */
function pillAt(points: Point[], shared: boolean): Point {
  const end = points.at(-1)!
  if (!shared) return { x: end.x, y: end.y - RISE }
  const turn = points.length > 2 ? points[2]! : points[0]!
  return points.length > 4 ? { x: turn.x, y: turn.y + RISE } : { x: turn.x === end.x ? points[0]!.x : turn.x, y: points[0]!.y + RISE / 2 }
}
