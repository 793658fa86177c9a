import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { Hourglass, TriangleAlert } from 'lucide-react'
import { type DragEvent, memo, useState } from 'react'
import { t } from '~/words/language'
import { compact, count, percent } from '~/words/numbers'
import { toldGroup } from '~/words/toldGroups'
import { WAY_DRAGGED } from './adding'
import styles from './Canvas.module.css'
import type { Place } from './editor/draft'
import { useEditingBox } from './editor/editing'
import type { DrawnStep } from './graph'
import { markWords, StepTile } from './looks'

const ENDS = new Set(['goal', 'exit'])

export type StepNode = Node<{ step: DrawnStep; selected: boolean }, 'step'>

export const StepCard = memo(function StepCard({ data: { step, selected } }: NodeProps<StepNode>) {
  const editing = useEditingBox()
  const [over, setOver] = useState(false)
  const takes = (event: DragEvent) => editing.current !== null && event.dataTransfer.types.includes(WAY_DRAGGED)
  return (
    <div
      className={styles.card}
      data-selected={selected || undefined}
      data-mark={step.mark}
      data-wrong={step.problems ? true : undefined}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!takes(event)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'link'
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        if (!takes(event)) return
        event.preventDefault()
        editing.current?.leadTo(JSON.parse(event.dataTransfer.getData(WAY_DRAGGED)) as Place, step.id)
      }}
    >
      <Handle type="target" position={Position.Top} className={styles.handle} isConnectable={false} />
      <div className={styles.top}>
        <StepTile step={step} size={24} />
        <div className="cut">
          <p className={`${styles.title} cut`} title={step.title}>{step.title || step.id}</p>
          <p className={styles.note}>{toldGroup(step.note) || (ENDS.has(step.type) && step.id === step.type ? t('The end') : step.id)}</p>
        </div>
      </div>
      <div className={styles.foot}>
        {step.mark === 'added' ? null : <b>{count(step.entered)}</b>}
        {step.waiting > 0 && (
          <span>
            <Hourglass size={11} aria-label={t('waiting')} /> {count(step.waiting)}
          </span>
        )}
        {step.problems ? (
          <span className={styles.wrong}>
            <TriangleAlert size={12} aria-label={t('Things that are wrong')} /> {count(step.problems)}
          </span>
        ) : null}
        <span className={styles.rate}>{step.mark ? <span className={styles.mark}>{markWords(step.mark)}</span> : rate(step)}</span>
      </div>
      <Handle type="source" position={Position.Bottom} className={styles.handle} isConnectable={false} />
    </div>
  )
})

/** What a reader asks of each kind: of a message, how many got it; of a wait, how many it lost. */
export function rate({ type, entered, exits }: DrawnStep): string {
  if (entered === 0) return ''
  if (type === 'send') return t('{{share}} sent', { share: percent((exits['sent'] ?? 0) / entered, 0) })
  if (type === 'webhook') return t('{{share}} called', { share: percent((exits['sent'] ?? 0) / entered, 0) })
  if (type === 'until') return t('{{number}} happened', { number: compact(exits['happened'] ?? 0) })
  return type === 'branch' ? t('{{share}} yes', { share: percent((exits['yes'] ?? 0) / entered, 0) }) : ''
}
