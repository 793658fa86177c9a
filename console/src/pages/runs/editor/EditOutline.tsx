import { ActionIcon, Button, Menu } from '@mantine/core'
import { ClipboardPaste, Copy, EllipsisVertical, Plus, Trash2, TriangleAlert } from 'lucide-react'
import { useRef } from 'react'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import { toldGroup } from '~/words/toldGroups'
import { type DrawnStep, exitWords, type Flow, type Graph } from '../graph'
import { markWords, StepTile, stepKind } from '../looks'
import outline from '../Outline.module.css'
import { startOf } from './draft'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { placeAfter } from './palette'

interface Props {
  graph: Graph
  selected: string[]
  select: (id: string | null, more?: boolean) => void
}

/** The same graph as a list. Everything the canvas can do can be done here too. */
export function EditOutline({ graph, selected, select }: Props) {
  const steps = graph.steps.filter((step) => !step.gap)
  const titles = new Map(steps.map((step) => [step.id, step.title || step.id]))
  const ways = new Map<string, Flow[]>()
  for (const flow of graph.flows) ways.set(flow.from, [...(ways.get(flow.from) ?? []), flow])
  const open = new Map(graph.steps.flatMap((step) => (step.gap ? [[step.id, step.gap] as const] : [])))
  return (
    <ol className={outline.outline} aria-label={t('Steps')}>
      {steps.map((step) => (
        <li key={step.id}>
          <StepRow step={step} chosen={selected.includes(step.id)} several={selected.length > 1} select={select} />
          {(ways.get(step.id) ?? []).length > 0 && (
            <ul className={outline.ways}>
              {ways.get(step.id)!.map((flow) => (
                <Way key={flow.to} flow={flow} title={titles.get(flow.to) ?? null} open={open.has(flow.to)} />
              ))}
            </ul>
          )}
        </li>
      ))}
    </ol>
  )
}

function StepRow({ step, chosen, several, select }: { step: DrawnStep; chosen: boolean; several: boolean; select: Props['select'] }) {
  const editing = useEditing()
  const title = step.title || step.id
  return (
    <div className={styles.row}>
      {editing && <input type="checkbox" className={styles.check} aria-label={t('Choose {{title}} too', { title })} checked={chosen} onChange={() => select(step.id, true)} />}
      <button type="button" className={outline.step} aria-pressed={chosen} data-mark={step.mark} onClick={() => select(chosen && !several ? null : step.id)}>
        <StepTile step={step} />
        <span className={outline.words}>
          <b>{title}</b>
          <span className="quiet">
            {stepKind(step.type)} · {toldGroup(step.note) || step.id}
          </span>
        </span>
        {step.mark && <span className={styles.rowMark}>{markWords(step.mark)}</span>}
        {step.problems ? (
          <span className={styles.wrong}>
            <TriangleAlert size={13} aria-hidden="true" /> {counted(step.problems, '{{count}} thing is wrong', '{{count}} things are wrong')}
          </span>
        ) : null}
        <span className={outline.numbers}>
          {counted(step.entered, '{{count}} person', '{{count}} people')}
          {step.waiting > 0 && <span className="quiet">{t(', {{waiting}} waiting', { waiting: step.waiting })}</span>}
        </span>
      </button>
      {editing && <RowMenu step={step} title={title} />}
    </div>
  )
}

function RowMenu({ step, title }: { step: DrawnStep; title: string }) {
  const editing = useEditing()!
  const place = placeAfter(editing.definition, editing.kinds, step.id)
  const isStart = startOf(editing.definition) === step.id
  const target = useRef<HTMLButtonElement>(null)
  const back = (act: () => void) => () => {
    target.current?.focus()
    act()
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon ref={target} aria-label={t('What to do with {{title}}', { title })}>
          <EllipsisVertical size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Plus size={14} />} disabled={!place} onClick={back(() => place && editing.askFor(place))}>
          {t('Add a step after it')}
        </Menu.Item>
        <Menu.Item leftSection={<Copy size={14} />} disabled={isStart} onClick={back(() => editing.copy([step.id]))}>
          {t('Copy')}
        </Menu.Item>
        <Menu.Item leftSection={<ClipboardPaste size={14} />} disabled={!place} onClick={back(() => place && editing.paste(place))}>
          {t('Paste after it')}
        </Menu.Item>
        <Menu.Item leftSection={<Trash2 size={14} />} disabled={isStart} onClick={back(() => editing.askToRemove([step.id]))}>
          {t('Delete')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function Way({ flow, title, open }: { flow: Flow; title: string | null; open: boolean }) {
  const editing = useEditing()
  const exits = flow.exits.map(exitWords).join(', ')
  const target = open ? t('nowhere yet') : (title ?? flow.to)
  return (
    <li className={styles.way}>
      {exits} → {target} {!open && <span>{count(flow.count)}</span>}
      {editing && (
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<Plus size={12} />}
          aria-label={t('Add a step here: {{exits}} of {{from}}', { exits, from: editing.titleOf(flow.from) })}
          onClick={() => editing.askFor({ from: flow.from, exits: flow.exits })}
        >
          {t('Add a step here')}
        </Button>
      )}
    </li>
  )
}
