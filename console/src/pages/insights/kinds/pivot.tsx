import { Table2 } from 'lucide-react'
import { useMemo } from 'react'
import { type HeatCell, HeatTable } from '~/parts/charts/HeatTable'
import { t } from '~/words/language'
import { asNumber, type CellKey, partWords, periodWords, type Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PickField } from '../fields/PickField'
import { BreakdownField, PropertyField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { Axis, Breakdown, Period, PivotQuestion } from '../question'
import { axisWords, notesOf } from '../questionWords'
import { usual } from '../usual'
import { MEASURES, measureQuestion, needsProperty } from './measures'

interface End {
  label: string | null
  part: string
}
const endOf = (row: Row, side: 'row' | 'column'): End => ({ label: row[side] === undefined ? null : (row[side] as string | null), part: String(row[`${side}_part`] ?? 'total') })
const same = (one: End, other: End) => one.label === other.label && one.part === other.part
function ends(rows: Row[], side: 'row' | 'column'): End[] {
  const found = new Map(rows.map((row) => [JSON.stringify(endOf(row, side)), endOf(row, side)]))
  // Totals stand last, whatever they were told with.
  return [...found.values()].sort((one, other) => Number(one.part === 'total') - Number(other.part === 'total'))
}
const keyOf = (row: Row): CellKey => {
  const side = (name: 'row' | 'column') => {
    const { label, part } = endOf(row, name)
    return row[`${name}_part`] === undefined ? {} : { [`${name}_part`]: part, ...(part === 'value' ? { [name]: label } : {}) }
  }
  return { ...side('row'), ...side('column') }
}
const endWords = ({ label, part }: End, axis: Axis | undefined) =>
  part === 'value' && axis?.period && label ? periodWords(`${label}T00:00:00Z`, axis.period, 'UTC', axis.period !== 'day') : partWords(label, part)

function View({ asked, rows, open }: ViewProps<PivotQuestion>) {
  const [down, across] = useMemo(() => [ends(rows, 'row'), ends(rows, 'column')], [rows])
  const inner = rows.filter((row) => endOf(row, 'row').part !== 'total' && (asked.columns === undefined || endOf(row, 'column').part !== 'total'))
  const most = Math.max(0, ...inner.map(({ value }) => Number(value ?? 0)))
  const cell = (row: Row | undefined): HeatCell | null => {
    if (!row || typeof row['value'] !== 'number') return null
    return { text: asNumber(row['value']), heat: inner.includes(row) && most > 0 ? row['value'] / most : null, pick: () => open(keyOf(row)) }
  }
  return (
    <HeatTable
      caption={t('{{rows}} by {{columns}}', { rows: axisWords(asked.rows), columns: asked.columns ? axisWords(asked.columns) : t('total') })}
      corner={axisWords(asked.rows)}
      columns={across.map((end) => (asked.columns ? endWords(end, asked.columns) : t('Result')))}
      rows={down.map((end) => ({
        name: endWords(end, asked.rows),
        strong: end.part === 'total',
        cells: across.map((column) => cell(rows.find((row) => same(endOf(row, 'row'), end) && same(endOf(row, 'column'), column)))),
      }))}
    />
  )
}

type Sort = 'none' | 'value' | 'day' | 'week' | 'month' | 'quarter' | 'year'

function AxisFields({ label, axis, set, question, optional }: { label: string; axis: Axis | undefined; set: (axis: Axis | undefined) => void; question: PivotQuestion; optional?: boolean }) {
  const sort: Sort = axis === undefined ? 'none' : (axis.period as Sort | undefined) ?? 'value'
  const breakdown: Breakdown | undefined = axis?.trait === undefined ? axis?.property : { trait: axis.trait }
  const of: { value: Sort; label: string }[] = [
    ...(optional ? [{ value: 'none' as const, label: t('Nothing') }] : []),
    { value: 'value', label: t('A property or trait') },
    { value: 'day', label: t('Days') },
    { value: 'week', label: t('Weeks') },
    { value: 'month', label: t('Months') },
    { value: 'quarter', label: t('Quarters') },
    { value: 'year', label: t('Years') },
  ]
  return (
    <FieldGroup title={label}>
      <PickField label={label} of={of} value={sort} set={(next) => set(next === 'none' ? undefined : next === 'value' ? { top: 10 } : { period: next as Period })} />
      {sort === 'value' && (
        <BreakdownField
          label={t('Which')}
          act={question.event}
          value={breakdown}
          set={(next) => set(next === undefined ? { top: 10 } : typeof next === 'string' ? { property: next, top: 10 } : { trait: next.trait, top: 10 })}
        />
      )}
    </FieldGroup>
  )
}

function Fields({ question, set }: FieldsProps<PivotQuestion>) {
  return (
    <>
      <FieldGroup title={t('What people did')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <PickField
          label={t('Measure')}
          of={[...MEASURES(), { value: 'median' as const, label: t('Median of a property') }]}
          value={question.measure ?? 'count'}
          set={(measure) => set({ measure, property: needsProperty(measure) ? question.property : undefined })}
        />
        {needsProperty(question.measure) && <PropertyField label={t('Property')} act={question.event} value={question.property} set={(property) => set({ property })} />}
      </FieldGroup>
      <AxisFields label={t('Down the side')} axis={question.rows} set={(rows) => set({ rows: rows ?? {} })} question={question} />
      <AxisFields label={t('Across the top')} axis={question.columns} set={(columns) => set({ columns })} question={question} optional />
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 90 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const pivot: InsightKind<'pivot'> = {
  kind: 'pivot',
  icon: Table2,
  label: () => t('Pivot'),
  about: () => t('One thing against another, with totals'),
  blank: (events) => ({ kind: 'pivot', event: usual(events), rows: { trait: 'country', top: 10 }, columns: { period: 'month' }, measure: 'count', when: { last_days: 90 } }),
  title: (question) => measureQuestion(question),
  notes: (question) => notesOf(question, axisWords(question.rows) && t('{{rows}} down', { rows: axisWords(question.rows) }), question.columns && t('{{columns}} across', { columns: axisWords(question.columns) })),
  Fields,
  View,
  cell: (_, row, column) => (column === 'value' || column === 'events' ? keyOf(row) : null),
}
