import { type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import { useAdding } from './adding'
import type { Point } from './layout'
import styles from './Canvas.module.css'
import { corners, pillAt, rounded } from './way'

export type FlowLine = Edge<
  { through: Point[]; label: string; weight: number; moving: boolean; shared: boolean; exits: string; words: string; open: boolean },
  'flow'
>

/** How far above the target the line crosses; the label sits there too. */
const RISE = 34
const THICKEST_PX = 5
/** How far below the card it comes from steps can be added. */
const ADD_PX = 14

export const FlowEdge = memo(function FlowEdge({ id, source, sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowLine>) {
  const Add = useAdding()
  if (!data) return null
  const points = corners({ x: sourceX, y: sourceY }, data.through, { x: targetX, y: targetY }, RISE)
  const path = rounded(points)
  const pill = pillAt(points, data.shared, RISE)
  const add = addAt(points, data.shared ? pill : null, data.label)
  return (
    <>
      <path id={id} className={styles.flow} d={path} style={{ strokeWidth: 1.25 + data.weight * THICKEST_PX }} data-open={data.open || undefined} />
      {data.moving && (
        <circle className={styles.particle} r="2.4">
          <animateMotion dur={`${(3.4 - 1.4 * data.weight).toFixed(1)}s`} repeatCount="indefinite" path={path} />
        </circle>
      )}
      <EdgeLabelRenderer>
        {data.label && (
          <span className={styles.pill} style={{ transform: `translate(-50%, -50%) translate(${pill.x}px, ${pill.y}px)` }}>
            {data.label}
          </span>
        )}
        {Add && !data.open && (
          <div className={styles.add} style={{ transform: `translate(-50%, -50%) translate(${add.x}px, ${add.y}px) scale(var(--reach, 1))` }}>
            <Add from={source} exits={data.exits} words={data.words} />
          </div>
        )}
      </EdgeLabelRenderer>
    </>
  )
})

const LETTER_PX = 3.3
const BESIDE_PX = 25

/** On the flow's own way: just above its target, or below its label; where several flows meet, beside the label. */
function addAt(points: Point[], pill: Point | null, label: string): Point {
  const end = points.at(-1)!
  if (pill) return label ? { x: pill.x + label.length * LETTER_PX + BESIDE_PX, y: pill.y } : pill
  return { x: end.x, y: end.y - (label ? ADD_PX : RISE) }
}
