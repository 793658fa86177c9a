import { Banknote } from 'lucide-react'
import { useMemo } from 'react'
import { Chart } from '~/parts/charts/Chart'
import { type Lines, linesOption, nearest } from '~/parts/charts/lines'
import { type Kpi, KpiStrip } from '~/parts/KpiStrip'
import { t } from '~/words/language'
import { money, moneyShort } from '~/words/money'
import { type Answer, asNumber, asShort, type CellKey, type Column, partWords, periodWords, type Row, written } from '../answer'
import { columnLabel } from '../columnLabels'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PeriodField, PickField } from '../fields/PickField'
import { BreakdownField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import { Opening } from '../Number'
import type { RevenueQuestion } from '../question'
import { actWords, notesOf, perPeriod } from '../questionWords'
import { usual } from '../usual'
import { openPeriods, openWords } from './periods'

const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const
/** What can be drawn of each view, the first by itself. */
const DRAWN = {
  periods: ['revenue', 'orders', 'aov', 'arpu', 'arppu', 'buyers', 'people', 'repeat_rate'],
  cohorts: ['ltv', 'revenue', 'people', 'buyers', 'orders', 'aov', 'repeat_rate', 'loyal_share'],
  sources: ['ltv', 'revenue', 'people', 'buyers', 'orders', 'aov', 'repeat_rate', 'loyal_share'],
  total: ['revenue'],
}
const STRIP = ['revenue', 'orders', 'aov', 'buyers', 'ltv', 'repeat_rate']
/** Whom a number is of. */
const WHO: Record<string, string> = { people: 'all', buyers: 'buyers', payers: 'payers', loyal: 'loyal', revenue: 'payers', orders: 'buyers', aov: 'payers', arpu: 'all', arppu: 'payers', ltv: 'all', repeat_rate: 'repeat', loyal_share: 'loyal', priced_orders: 'payers' }

const viewOf = (question: RevenueQuestion) => question.view ?? 'periods'
const drawnOf = (question: RevenueQuestion) => {
  const of = DRAWN[viewOf(question)]
  return question.column !== undefined && of.includes(question.column) ? question.column : of[0]!
}

function keyOf(row: Row, column: string): CellKey | null {
  const who = WHO[column]
  if (who === undefined) return null
  const start: CellKey = row['start'] ? { start: String(row['start']) } : {}
  const source: CellKey = row['part'] === undefined ? {} : row['part'] === 'value' ? { source: String(row['source']), part: 'value' } : { part: String(row['part']) }
  return { who, ...start, ...source }
}

function picture(asked: RevenueQuestion, answer: Answer, rows: Row[], column: Column): Lines {
  const period = asked.period ?? 'month'
  const starts = rows.map((row) => String(row['start'] ?? ''))
  const sources = viewOf(asked) === 'sources'
  const isMoney = column.type === 'money'
  const short = (value: number) => (isMoney ? moneyShort(value, answer.currency) : column.type === 'share' ? written(value, column, answer) : asShort(value))
  return {
    across: rows.map((row, i) =>
      sources
        ? { short: partWords(row['source'], row['part']), full: partWords(row['source'], row['part']) }
        : { short: periodWords(starts[i]!, period, answer.time_zone), full: periodWords(starts[i]!, period, answer.time_zone, true) },
    ),
    series: [{ name: columnLabel(column.name), role: 'c-1', values: rows.map((row) => (typeof row[column.name] === 'number' ? (row[column.name] as number) : null)) }],
    open: sources ? new Set() : openPeriods(starts, asked.when, answer.time_zone),
    openWords: openWords(),
    write: (value) => written(value, column, answer),
    writeShort: short,
    bars: true,
  }
}

function View({ asked, answer, rows, open, small }: ViewProps<RevenueQuestion>) {
  const name = drawnOf(asked)
  const column = answer.columns.find((each) => each.name === name) ?? answer.columns[0]!
  const lines = useMemo(() => picture(asked, answer, rows, column), [asked, answer, rows, column])
  const option = useMemo(() => (roles: Parameters<typeof linesOption>[1], width: number) => linesOption(lines, roles, width), [lines])
  if (viewOf(asked) === 'total') return <Strip answer={answer} row={rows[0]} open={open} />
  const abroad = rows.reduce((sum, row) => sum + Number(row['other_currency'] ?? 0), 0)
  return (
    <div className={styles.stack}>
      <Chart
        height={small ? 220 : 320}
        label={t('{{column}}: {{values}}', { column: columnLabel(name), values: lines.series[0]!.values.slice(-6).map((value) => (value === null ? '–' : lines.write(value))).join(', ') })}
        option={option}
        onPick={(picked) => {
          const found = nearest(picked, lines)
          const cell = found && keyOf(rows[found.index]!, name)
          if (cell) open(cell)
        }}
      />
      {answer.currency !== '' && !small && (
        <p className="quiet">
          {abroad > 0
            ? t('Money is in {{currency}}; {{orders}} orders in another currency are left out of it.', { currency: answer.currency, orders: asNumber(abroad) })
            : t('Money is in {{currency}}.', { currency: answer.currency })}
        </p>
      )}
    </div>
  )
}

function Strip({ answer, row, open }: { answer: Answer; row: Row | undefined; open: (cell: CellKey) => void }) {
  if (!row) return null
  const kpis = STRIP.flatMap((name): Kpi[] => {
    const column = answer.columns.find((each) => each.name === name)
    if (!column) return []
    const cell = keyOf(row, name)
    const value = column.type === 'money' && typeof row[name] === 'number' ? money(row[name], answer.currency) : written(row[name], column, answer)
    return [{ label: columnLabel(name), value: cell ? <Opening open={() => open(cell)}>{value}</Opening> : value, note: '' }]
  })
  return <KpiStrip kpis={kpis} />
}

function Fields({ question, set }: FieldsProps<RevenueQuestion>) {
  const view = viewOf(question)
  return (
    <>
      <FieldGroup title={t('What an order is')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <PickField
          label={t('Told apart by')}
          of={[
            { value: 'periods', label: t('When it was ordered') },
            { value: 'cohorts', label: t('When people began') },
            { value: 'sources', label: t('Where people came from') },
            { value: 'total', label: t('Nothing: the total') },
          ]}
          value={view}
          set={(next) => set({ view: next, column: undefined })}
        />
        {view !== 'total' && <PickField label={t('Draw')} of={DRAWN[view].map((name) => ({ value: name, label: columnLabel(name) }))} value={drawnOf(question)} set={(column) => set({ column })} />}
      </FieldGroup>
      {view !== 'periods' && (
        <FieldGroup title={t('People begin with')}>
          <ActField label={t('First event')} act={question.first ?? question.event} set={(first) => set({ first: first.events.length > 0 ? first : undefined })} />
          {view === 'sources' && (
            <BreakdownField
              label={t('Their source')}
              act={question.first ?? question.event}
              value={question.source_trait === undefined ? question.source : { trait: question.source_trait }}
              set={(source) => set({ source: typeof source === 'string' ? source : undefined, source_trait: typeof source === 'object' ? source.trait : undefined })}
            />
          )}
        </FieldGroup>
      )}
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 365 }} set={(when) => set({ when })} />
        {(view === 'periods' || view === 'cohorts') && <PeriodField of={PERIODS} value={question.period ?? 'month'} set={(period) => set({ period })} />}
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const revenue: InsightKind<'revenue'> = {
  kind: 'revenue',
  icon: Banknote,
  label: () => t('Revenue'),
  about: () => t('What people bring, by month, cohort or source'),
  blank: (events) => ({ kind: 'revenue', event: usual(events), view: 'periods', period: 'month', when: { last_days: 180 } }),
  title: (question) => {
    const what = actWords(question.event)
    switch (viewOf(question)) {
      case 'cohorts':
        return t('What have people brought with {{what}} since they began?', { what })
      case 'sources':
        return t('What have people of each source brought with {{what}}?', { what })
      default:
        return t('What does {{what}} bring?', { what })
    }
  },
  notes: (question) =>
    notesOf(question, viewOf(question) !== 'total' && columnLabel(drawnOf(question)), (viewOf(question) === 'periods' || viewOf(question) === 'cohorts') && perPeriod(question.period ?? 'month')),
  Fields,
  View,
  cell: (_, row, column) => keyOf(row, column),
}
