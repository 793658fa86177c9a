import { TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Waves } from 'lucide-react'
import { useMemo } from 'react'
import { eventNames } from '~/api/queries'
import type { EventName } from '~/api/types'
import { Chart } from '~/parts/charts/Chart'
import { sankeyOption, type Stop, type Stream } from '~/parts/charts/sankey'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { type CellKey, partWords, type Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { SwitchField, WholeField } from '../fields/PickField'
import { PropertyField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { FlowQuestion } from '../question'
import { actWords, notesOf, withinWords } from '../questionWords'
import { ours, use } from '../usual'

/** How far to the right something stands: paths up to the act end in it. */
const depthOf = (step: number, end: 'from' | 'to', least: number) => (step > 0 ? step - (end === 'from' ? 1 : 0) : step + (end === 'from' ? 0 : 1)) - Math.min(0, least)

function riverOf(rows: Row[]): { stops: Stop[]; streams: Stream[] } {
  const least = Math.min(0, ...rows.map(({ step }) => Number(step)))
  const stops = new Map<string, Stop>()
  const stop = (row: Row, end: 'from' | 'to') => {
    const [label, part] = [row[`${end}_event`] ?? null, row[`${end}_part`] ?? 'value']
    const depth = depthOf(Number(row['step']), end, least)
    const id = JSON.stringify([depth, part, label])
    if (!stops.has(id)) stops.set(id, { id, depth, name: partWords(label, part), role: part === 'value' ? 'c-1' : 'c-mute' })
    return id
  }
  const streams = rows
    .filter((row) => Number(row['times']) > 0)
    .map((row): Stream => {
      const [from, to] = [stop(row, 'from'), stop(row, 'to')]
      return {
        from,
        to,
        value: Number(row['times']),
        heading: `${stops.get(from)!.name} → ${stops.get(to)!.name}`,
        lines: [
          { name: t('Paths'), value: count(Number(row['times'])) },
          { name: t('People'), value: count(Number(row['people'])) },
          { name: t('Of those who got here'), value: percent(Number(row['share'])) },
        ],
        of: keyOf(row),
      }
    })
  return { stops: [...stops.values()], streams }
}

function keyOf(row: Row): CellKey {
  const end = (side: 'from' | 'to') => ({ [`${side}_part`]: row[`${side}_part`]!, ...(row[`${side}_part`] === 'value' ? { [`${side}_event`]: row[`${side}_event`]! } : {}) })
  return { step: Number(row['step']), ...end('from'), ...end('to') }
}

function View({ asked, rows, open, small }: ViewProps<FlowQuestion>) {
  const { stops, streams } = useMemo(() => riverOf(rows), [rows])
  const widest = Math.max(1, ...stops.map(({ depth }) => stops.filter((other) => other.depth === depth).length))
  const height = small ? 260 : Math.max(320, Math.min(760, widest * 46))
  const most = streams.toSorted((one, other) => other.value - one.value).slice(0, 5)
  return (
    <Chart
      height={height}
      label={t('Paths from {{what}}: {{paths}}', { what: actWords(asked.event), paths: most.map(({ heading, value }) => `${heading} ${count(value)}`).join(', ') })}
      option={useMemo(() => (roles, width) => sankeyOption(stops, streams, roles, width), [stops, streams])}
      onMark={(data) => {
        const stream = data as Partial<Stream> | undefined
        if (stream?.of) open(stream.of as CellKey)
      }}
    />
  )
}

function Fields({ question, set }: FieldsProps<FlowQuestion>) {
  const names = useQuery(eventNames).data
  return (
    <>
      <FieldGroup title={t('Where paths start')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <SwitchField
          label={t('What comes')}
          of={[
            { value: 'after', label: t('After') },
            { value: 'before', label: t('Before') },
            { value: 'both', label: t('Both') },
          ]}
          value={question.direction ?? 'after'}
          set={(direction) => set({ direction })}
        />
        <SwitchField
          label={t('Start')}
          of={[
            { value: 'first', label: t('The first time') },
            { value: 'each', label: t('Each time') },
          ]}
          value={question.start ?? 'first'}
          set={(start) => set({ start })}
        />
      </FieldGroup>
      <FieldGroup title={t('How far')}>
        <WholeField label={t('Steps')} value={question.steps ?? 3} least={1} most={10} set={(steps) => set({ steps })} />
        <WholeField label={t('Events told apart at each step')} value={question.top ?? 6} least={1} most={20} set={(top) => set({ top })} />
        <WholeField label={t('Within')} value={question.within_days ?? 7} least={1} most={366} suffix={t('days')} set={(within_days) => set({ within_days })} />
        <TagsInput label={t('Leave out')} data={(names ?? []).map(({ name }) => name)} value={question.leave_out ?? []} onChange={(leave_out) => set({ leave_out: leave_out.length > 0 ? leave_out : undefined })} />
        <PropertyField label={t('Events told apart by')} hint={t('Only their names')} act={question.event} value={question.by} set={(by) => set({ by })} />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 30 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

/** What only says who somebody is comes between everything else. */
const without = (events: EventName[]) => {
  const names = ours(events)
  return names.length > 0 ? { leave_out: names } : {}
}

export const flow: InsightKind<'flow'> = {
  kind: 'flow',
  icon: Waves,
  label: () => t('Flow'),
  about: () => t('What people do next, or did before'),
  blank: (events) => ({ kind: 'flow', event: use(events), ...without(events), direction: 'after', steps: 3, top: 5, within_days: 7, when: { last_days: 30 } }),
  title: ({ event, direction }) =>
    direction === 'before'
      ? t('What do people do before {{what}}?', { what: actWords(event) })
      : direction === 'both'
        ? t('What do people do before and after {{what}}?', { what: actWords(event) })
        : t('What do people do after {{what}}?', { what: actWords(event) }),
  notes: (question) => notesOf(question, counted(question.steps ?? 3, '{{count}} step', '{{count}} steps'), withinWords(question.within_days ?? 7)),
  Fields,
  View,
  cell: (_, row, column) => (column === 'people' || column === 'times' ? keyOf(row) : null),
}

