import { ActionIcon, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, ArrowRight, ChartLine, Columns3, Ellipsis, GripVertical, Pencil, Table2, X } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { type BoardSaid, type Card, savedInsights } from '~/api/boards'
import { t } from '~/words/language'
import { TextDialog } from './AddCard'
import styles from './Boards.module.css'
import type { Width } from './changes'
import { InsightBody } from './InsightBody'
import { KpiBody } from './KpiBody'
import { kpis } from './kpis'
import { SqlBody } from './SqlBody'

export interface CardProps {
  said: BoardSaid
  card: Card
  may: boolean
  place: number
  move: (to: number) => void
  change: (part: Partial<Card>) => void
  remove: () => void
  drag: (begins: boolean) => void
}

/** What can be handed over of a card as files. */
export interface Exports {
  csv?: () => void
  png?: () => void
}

/** One card: what it shows, its handle, and its menu. */
export function BoardCard(props: CardProps) {
  const { card } = props
  switch (card.type) {
    case 'text':
      return <TextCard {...props} text={card.text} />
    case 'kpi':
      return <KpiCard {...props} kpi={card.kpi} />
    case 'insight':
      return <InsightCard {...props} insight={card.insight} />
  }
}

function TextCard({ text, ...props }: CardProps & { text: string }) {
  const [editing, setEditing] = useState(false)
  const close = () => setEditing(false)
  return (
    <>
      <Tools {...props} name={t('Text')} edit={() => setEditing(true)} />
      <p className={styles.text}>{text}</p>
      {editing && (
        <TextDialog
          text={text}
          close={close}
          done={(text) => {
            props.change({ text })
            close()
          }}
        />
      )}
    </>
  )
}

function KpiCard({ kpi, ...props }: CardProps & { kpi: string }) {
  const query = useQuery(kpis)
  const node = query.data?.nodes.find(({ id }) => id === kpi)
  return (
    <>
      <Tools {...props} name={node?.name ?? kpi} />
      <KpiBody query={query} id={kpi} />
    </>
  )
}

function InsightCard({ insight, ...props }: CardProps & { insight: string }) {
  const query = useQuery(savedInsights)
  const saved = query.data?.find(({ id }) => id === insight)
  const tools = (exports: Exports) => <Tools {...props} name={saved?.name ?? insight} exports={exports} />
  if (!saved)
    return (
      <>
        {tools({})}
        <p className={styles.gone} role="note">
          {query.isError ? query.error.message : query.isPending ? '' : t('The insight that stood here was deleted. Take this card off the board, or put another in its place.')}
        </p>
      </>
    )
  return saved.kind === 'sql' ? <SqlBody saved={saved} tools={tools} /> : <InsightBody said={props.said} saved={saved} tools={tools} />
}

const WIDTHS: Record<Width, () => string> = { 1: () => t('A third wide'), 2: () => t('Two thirds wide'), 3: () => t('As wide as the board') }

interface ToolsProps extends CardProps {
  name: string
  exports?: Exports
  edit?: () => void
}

/** The handle by which a card is moved, and what can be done with it. */
function Tools({ card, name, may, place, said, move, change, remove, drag, exports = {}, edit }: ToolsProps) {
  const all = said.cards.length
  const key = (event: KeyboardEvent) => {
    const to = { ArrowLeft: place - 1, ArrowUp: place - 1, ArrowRight: place + 1, ArrowDown: place + 1, Home: 0, End: all - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    move(to)
  }
  const items: ReactNode[] = [
    exports.csv && <Item key="csv" icon={<Table2 size={14} />} go={exports.csv} label={t('Table, as CSV')} />,
    exports.png && <Item key="png" icon={<ChartLine size={14} />} go={exports.png} label={t('Picture, as PNG')} />,
    ...(may
      ? [
          edit && <Item key="edit" icon={<Pencil size={14} />} go={edit} label={t('Edit the text')} />,
          place > 0 && <Item key="earlier" icon={<ArrowLeft size={14} />} go={() => move(place - 1)} label={t('Move earlier')} />,
          place < all - 1 && <Item key="later" icon={<ArrowRight size={14} />} go={() => move(place + 1)} label={t('Move later')} />,
          ...([1, 2, 3] as const)
            .filter((width) => width !== card.width)
            .map((width) => <Item key={width} icon={<Columns3 size={14} />} go={() => change({ width })} label={WIDTHS[width]()} />),
          <Item key="remove" icon={<X size={14} />} go={remove} label={t('Take off the board')} />,
        ]
      : []),
  ].filter(Boolean)
  return (
    <div className={styles.cardTools}>
      {may && (
        <button
          type="button"
          className={styles.handle}
          data-handle
          draggable
          aria-label={t('Move {{name}}: place {{place}} of {{all}}. The arrow keys move it.', { name, place: place + 1, all })}
          onKeyDown={key}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = 'move'
            event.dataTransfer.setData('text/plain', name)
            drag(true)
          }}
          onDragEnd={() => drag(false)}
        >
          <GripVertical size={14} aria-hidden="true" />
        </button>
      )}
      {items.length > 0 && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" aria-label={t('What to do with {{name}}', { name })}>
              <Ellipsis size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>{items}</Menu.Dropdown>
        </Menu>
      )}
    </div>
  )
}

function Item({ icon, go, label }: { icon: ReactNode; go: () => void; label: string }) {
  return (
    <Menu.Item leftSection={icon} onClick={go}>
      {label}
    </Menu.Item>
  )
}
