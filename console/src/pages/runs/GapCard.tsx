import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import styles from './Canvas.module.css'
import { type Opening, useAdding } from './adding'

export type GapNode = Node<{ place: Opening }, 'gap'>

/** Where exits lead nowhere yet: a place to put a step. */
export const GapCard = memo(function GapCard({ data: { place } }: NodeProps<GapNode>) {
  const Add = useAdding()
  return (
    <div className={styles.gap}>
      <Handle type="target" position={Position.Top} className={styles.handle} isConnectable={false} />
      {Add && <Add place={place} wide />}
    </div>
  )
})
