import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { type Adding, useAdding } from './adding'
import styles from './Canvas.module.css'

export type GapNode = Node<Adding & Record<string, unknown>, 'gap'>

/** Where exits lead nowhere yet: a place to put a step. */
export const GapCard = memo(function GapCard({ data: { from, exits, words } }: NodeProps<GapNode>) {
  const Add = useAdding()
  return (
    <div className={styles.gap}>
      <Handle type="target" position={Position.Top} className={styles.handle} isConnectable={false} />
      {Add && <Add from={from} exits={exits} words={words} wide />}
    </div>
  )
})
