import { CalendarSync } from 'lucide-react'
import { useMemo } from 'react'
import { type HeatCell, type HeatRow, HeatTable } from '~/parts/charts/HeatTable'
import { counted, t } from '~/words/language'
import { money } from '~/words/money'
import { count, decimal, percent } from '~/words/numbers'
import { type Answer, type CellKey, peopleWords, periodWords, type Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PeriodField, PickField, SwitchField, WholeField } from '../fields/PickField'
import { BreakdownField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import { Opening } from '../Number'
import type { RetentionQuestion } from '../question'
import { actWords, notesOf, perPeriod } from '../questionWords'
import { use, usual } from '../usual'
import { lineKey, linesOf } from './broken'
import { openWords } from './periods'

const PERIODS = ['day', 'week', 'month'] as const

function View({ asked, answer, rows, open, small }: ViewProps<RetentionQuestion>) {
  const lines = useMemo(() => linesOf(rows), [rows])
  const shown = small ? lines.slice(0, 1) : lines
  return (
    <div className={styles.stack}>
      {shown.map(({ name, rows: its }) => (
        <div key={name}>
          {asked.breakdown !== undefined && <h3 className={styles.part}>{name}</h3>}
          <Grid asked={asked} answer={answer} rows={its} open={open} caption={asked.breakdown === undefined ? t('How many came back') : t('How many came back: {{value}}', { value: name })} />
        </div>
      ))}
    </div>
  )
}

function Grid({ asked, answer, rows, open, caption }: { asked: RetentionQuestion; answer: Answer; rows: Row[]; open: (cell: CellKey) => void; caption: string }) {
  const period = asked.period ?? 'week'
  const columns = [...new Map(rows.map((row) => [Number(row['period']), Number(row['last_period'])]))].sort(([one], [other]) => one - other)
  const cohorts = [...new Set(rows.map(({ cohort }) => cohort as string | null))].sort((one, other) => (one === null ? -1 : other === null ? 1 : one < other ? -1 : 1))
  const table = cohorts.map((cohort): HeatRow => {
    const its = new Map(rows.filter((row) => row['cohort'] === cohort).map((row) => [Number(row['period']), row]))
    const first = its.values().next().value
    const size = Number(first?.['size'] ?? 0)
    return {
      name: cohort === null ? t('All cohorts') : periodWords(cohort, period, answer.time_zone),
      beside: first ? <Opening open={() => open(keyOf(first, null))}>{count(size)}</Opening> : null,
      strong: cohort === null,
      cells: columns.map(([at]) => {
        const row = its.get(at)
        return row ? heatOf(asked, answer, row, open) : null
      }),
    }
  })
  const unit = heading(period)
  return (
    <HeatTable
      caption={caption}
      corner={t('Cohort')}
      beside={t('People')}
      columns={columns.map(([from, to], i) => (i === 0 ? `${unit} ${from}` : from === to ? String(from) : `${from}–${to}`))}
      rows={table}
    />
  )
}

const heading = (period: (typeof PERIODS)[number]) => ({ day: t('Day'), week: t('Wk'), month: t('Mo') })[period]

function heatOf(asked: RetentionQuestion, answer: Answer, row: Row, open: (cell: CellKey) => void): HeatCell | null {
  const share = row[asked.value === 'revenue' ? 'net_retention' : 'retention']
  if (typeof share !== 'number') return null
  const over = row['complete'] !== false
  const people = Number(row['people'] ?? 0)
  const told = asked.value === 'revenue' ? t('{{money}} of {{people}}', { money: money(Number(row['revenue'] ?? 0), answer.currency), people: peopleWords(people) }) : t('{{share}}: {{people}}', { share: percent(share), people: peopleWords(people) })
  return {
    text: decimal(share * 100, share >= 0.9995 ? 0 : 1),
    // The cohort's own period is no news: whoever begins is there.
    heat: row['period'] === 0 ? null : share,
    title: over ? told : `${told}. ${openWords()}`,
    open: !over,
    pick: () => open(keyOf(row, Number(row['period']))),
  }
}

/** A cell, or with no period the cohort itself. */
function keyOf(row: Row, period: number | null): CellKey {
  return { ...(row['cohort'] === null ? {} : { cohort: String(row['cohort']) }), ...(period === null ? {} : { period }), ...lineKey(row) }
}

function Fields({ question, set }: FieldsProps<RetentionQuestion>) {
  return (
    <>
      <FieldGroup title={t('They begin with')}>
        <ActField label={t('First event')} act={question.first} set={(first) => set({ first })} />
      </FieldGroup>
      <FieldGroup title={t('They come back for')}>
        <ActField label={t('Event they come back for')} act={question.again ?? question.first} set={(again) => set({ again: again.events.length > 0 ? again : undefined })} />
      </FieldGroup>
      <FieldGroup title={t('How')}>
        <PeriodField label={t('Cohorts by')} of={PERIODS} value={question.period ?? 'week'} set={(period) => set({ period })} />
        <PickField
          label={t('They are there when they came')}
          of={[
            { value: 'n_day', label: t('In that very period') },
            { value: 'unbounded', label: t('In that period or later') },
            { value: 'bracket', label: t('In a bracket of periods') },
          ]}
          value={question.rule ?? 'n_day'}
          set={(rule) => set({ rule })}
        />
        <WholeField label={t('Periods')} value={question.periods ?? 12} least={2} most={60} set={(periods) => set({ periods })} />
        <SwitchField
          label={t('Retained is')}
          of={[
            { value: 'people', label: t('People') },
            { value: 'revenue', label: t('Revenue') },
          ]}
          value={question.value ?? 'people'}
          set={(value) => set({ value: value === 'revenue' ? value : undefined })}
        />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 90 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
        <BreakdownField label={t('Told apart by')} act={question.first} value={question.breakdown} set={(breakdown) => set({ breakdown })} />
      </FieldGroup>
    </>
  )
}

export const retention: InsightKind<'retention'> = {
  kind: 'retention',
  icon: CalendarSync,
  label: () => t('Retention'),
  about: () => t('How many come back, period after period'),
  blank: (events) => ({ kind: 'retention', first: usual(events), again: use(events), period: 'week', periods: 12, when: { last_days: 90 }, top: 5 }),
  title: ({ first, again, value }) =>
    value === 'revenue'
      ? t('How much do people go on spending after their first {{first}}?', { first: actWords(first) })
      : t('How many people do {{again}} after their first {{first}}?', { first: actWords(first), again: actWords(again ?? first) }),
  notes: (question) => notesOf(question, perPeriod(question.period ?? 'week'), counted(question.periods ?? 12, '{{count}} period', '{{count}} periods')),
  Fields,
  View,
  cell: (_, row, column) => (column === 'size' ? keyOf(row, null) : column === 'people' ? keyOf(row, Number(row['period'])) : null),
}
