import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { Hourglass } from 'lucide-react'
import { memo } from 'react'
import type { RunStep } from '~/api/types'
import { compact, count, percent } from '~/words/numbers'
import { StepTile } from './looks'
import styles from './Canvas.module.css'

export type StepNode = Node<{ step: RunStep; selected: boolean }, 'step'>

export const StepCard = memo(function StepCard({ data: { step, selected } }: NodeProps<StepNode>) {
  return (
    <div className={styles.card} data-selected={selected || undefined}>
      <Handle type="target" position={Position.Top} className={styles.handle} isConnectable={false} />
      <div className={styles.top}>
        <StepTile type={step.type} size={24} />
        <div className="cut">
          <p className={`${styles.title} cut`}>{step.title || step.id}</p>
          <p className={styles.note}>{step.note || (step.id === step.type ? 'The end' : step.id)}</p>
        </div>
      </div>
      <div className={styles.foot}>
        <b>{count(step.entered)}</b>
        {step.waiting > 0 && (
          <span>
            <Hourglass size={11} aria-label="waiting" /> {count(step.waiting)}
          </span>
        )}
        <span className={styles.rate}>{rate(step)}</span>
      </div>
      <Handle type="source" position={Position.Bottom} className={styles.handle} isConnectable={false} />
    </div>
  )
})

/** What a reader asks of each kind: of a message, how many got it; of a wait, how many it lost. */
export function rate({ type, entered, exits }: RunStep): string {
  if (entered === 0) return ''
  if (type === 'send') return `${percent((exits['sent'] ?? 0) / entered, 0)} sent`
  if (type === 'webhook') return `${percent((exits['sent'] ?? 0) / entered, 0)} called`
  if (type === 'until') return `${compact(exits['happened'] ?? 0)} happened`
  return type === 'branch' ? `${percent((exits['yes'] ?? 0) / entered, 0)} yes` : ''
}
