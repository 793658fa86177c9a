import { Switch } from '@mantine/core'
import { ChartLine } from 'lucide-react'
import { useMemo } from 'react'
import { Calendar } from '~/parts/charts/Calendar'
import { Chart } from '~/parts/charts/Chart'
import { type Lines, linesOption, nearest, type Series } from '~/parts/charts/lines'
import { type Roles, SERIES_MOST } from '~/parts/charts/roles'
import { LOCALE, t } from '~/words/language'
import { type Answer, asNumber, asShort, type CellKey, periodWords, type Row, rowsOf } from '../answer'
import { useAnswer } from '../asking'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PeriodField, PickField, SwitchField } from '../fields/PickField'
import { BreakdownField, PropertyField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import { periodsBefore } from '../body'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { Measured, TrendQuestion } from '../question'
import { notesOf, perPeriod } from '../questionWords'
import { usual } from '../usual'
import { linesOf, lineKey } from './broken'
import { MEASURES, measureQuestion, measureWords, needsProperty } from './measures'
import { openPeriods, openWords, startsOf } from './periods'

const PERIODS = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const
const NO_FORMULA = 'none'

function View({ asked, answer, rows, open, small }: ViewProps<TrendQuestion>) {
  const starts = useMemo(() => startsOf(rows), [rows])
  const earlier = useEarlier(asked, starts, answer)
  const lines = useMemo(() => picture(asked, answer, rows, starts, earlier), [asked, answer, rows, starts, earlier])
  const pieces = useMemo(() => linesOf(rows), [rows])
  const pick = ({ series, index }: { series: number; index: number }) => {
    const row = pieces[series]?.rows[index]
    if (row) open({ start: String(row['start']), ...lineKey(row) })
  }
  const option = useMemo(() => (roles: Roles, width: number) => linesOption(lines, roles, width), [lines])
  if (calendared(asked)) {
    const days = starts.map((start, i) => ({
      date: dayOf(start, answer.time_zone),
      value: lines.series[0]?.values[i] ?? null,
      words: `${lines.across[i]!.full}: ${lines.series[0]?.values[i] == null ? '–' : lines.write(lines.series[0].values[i])}${lines.open.has(i) ? `. ${lines.openWords}` : ''}`,
      open: lines.open.has(i),
    }))
    return <Calendar days={days} label={described(lines)} weekdays={weekdays()} monthOf={monthOf} pick={(index) => pick({ series: 0, index })} />
  }
  return (
    <Chart
      height={small ? 220 : 340}
      label={described(lines)}
      legend={{ of: lines.series, always: lines.bars === true }}
      option={option}
      onPick={(picked) => {
        const found = nearest(picked, lines)
        if (found) pick(found)
      }}
    />
  )
}

/** Squares are days, and of one line: else they are bars. */
const calendared = ({ chart, period = 'day', breakdown }: TrendQuestion) => chart === 'calendar' && period === 'day' && breakdown === undefined

const weekdays = () => {
  const format = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', timeZone: 'UTC' })
  // A Monday and the six days after it.
  return [...Array(7).keys()].map((day) => format.format(new Date(Date.UTC(2024, 0, 1 + day))))
}
const monthOf = (date: string) => new Intl.DateTimeFormat(LOCALE, { month: 'short', timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`))

/** The same stretch just before, to be drawn behind. */
function useEarlier(asked: TrendQuestion, starts: string[], answer: Answer): Row[] | null {
  const period = asked.period ?? 'day'
  const first = starts[0]?.slice(0, 10) ?? '2000-01-01'
  const zoned = starts[0] ? dayOf(starts[0], answer.time_zone) : first
  const wanted = asked.beside === true && !calendared(asked) && starts.length > 0 && period !== 'hour' && period !== 'minute'
  const { breakdown: _breakdown, ...whole } = asked
  const before: TrendQuestion = { ...whole, when: { since: periodsBefore(period, zoned, starts.length), until: zoned } }
  const { query } = useAnswer(before, wanted)
  return useMemo(() => (wanted && query.data ? rowsOf(query.data.answer) : null), [wanted, query.data])
}

const dayOf = (start: string, zone: string) => new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(start))

const drawnAsBars = (asked: TrendQuestion) => asked.chart === 'bars' || (asked.chart === 'calendar' && !calendared(asked))

function picture(asked: TrendQuestion, answer: Answer, rows: Row[], starts: string[], earlier: Row[] | null): Lines {
  const period = asked.period ?? 'day'
  const zone = answer.time_zone
  const series: Series[] = linesOf(rows).map(({ name, role, rows: its }) => ({
    name: asked.breakdown === undefined ? (earlier ? t('This period') : t('Result')) : name,
    role,
    values: its.map(({ value }) => (typeof value === 'number' ? value : null)),
  }))
  if (earlier) {
    series.push({ name: t('The period before'), role: 'c-mute', beside: true, values: starts.map((_, i) => (typeof earlier[i]?.['value'] === 'number' ? earlier[i]['value'] : null)) })
  }
  return {
    across: starts.map((start) => ({ short: periodWords(start, period, zone), full: periodWords(start, period, zone, true) })),
    series,
    open: openPeriods(starts, asked.when, zone),
    openWords: openWords(),
    write: asNumber,
    writeShort: asShort,
    bars: drawnAsBars(asked),
    stacked: drawnAsBars(asked) && asked.breakdown !== undefined && asked.formula === undefined && !needsProperty(asked.measure) && asked.measure !== 'people' && !earlier,
  }
}

function described(lines: Lines): string {
  return lines.series
    .map(({ name, values }) => {
      const known = values.filter((value): value is number => value !== null)
      if (known.length === 0) return t('{{name}}: nothing measured', { name })
      return t('{{name}}: from {{first}} to {{last}}, at most {{most}}', { name, first: asNumber(known[0]!), last: asNumber(known.at(-1)!), most: asNumber(Math.max(...known)) })
    })
    .join('; ')
}

function MeasureFields({ measured, set, label }: { measured: Measured; set: (measured: Measured) => void; label: string }) {
  return (
    <>
      <ActField label={label} act={measured.event} set={(event) => set({ ...measured, event })} />
      <PickField
        label={t('Measure')}
        of={[...MEASURES(), { value: 'percentile' as const, label: t('Median of a property') }]}
        value={measured.measure ?? 'count'}
        set={(measure) => {
          const { property: _property, ...rest } = measured
          set(needsProperty(measure) ? { ...measured, measure } : { ...rest, measure })
        }}
      />
      {needsProperty(measured.measure) && (
        <PropertyField
          label={t('Property')}
          act={measured.event}
          value={measured.property}
          set={(property) => {
            const { property: _property, ...rest } = measured
            set(property === undefined ? rest : { ...rest, property })
          }}
        />
      )}
    </>
  )
}

function Fields({ question, set }: FieldsProps<TrendQuestion>) {
  const { formula } = question
  const formulas = [
    { value: NO_FORMULA as 'none' | NonNullable<TrendQuestion['formula']>, label: t('By itself') },
    { value: 'a / b' as const, label: t('Divided by another (A / B)') },
    { value: 'a - b' as const, label: t('Less another (A − B)') },
    { value: 'a + b' as const, label: t('With another (A + B)') },
    { value: 'a * b' as const, label: t('Times another (A × B)') },
  ]
  return (
    <>
      <FieldGroup title={formula ? t('A: what people did') : t('What people did')}>
        <MeasureFields label={t('Event')} measured={question} set={({ event, measure, property }) => set({ event, measure, property })} />
        <PickField
          label={t('Formula')}
          of={formulas}
          value={formula ?? NO_FORMULA}
          set={(next) => set(next === NO_FORMULA ? { formula: undefined, b: undefined } : { formula: next, b: question.b ?? { event: question.event }, cumulative: undefined })}
        />
      </FieldGroup>
      {formula && (
        <FieldGroup title={t('B: the other')}>
          <MeasureFields label={t('Event of B')} measured={question.b ?? { event: question.event }} set={(b) => set({ b })} />
        </FieldGroup>
      )}
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 30 }} set={(when) => set({ when })} />
        <PeriodField of={PERIODS} value={(question.period ?? 'day') as (typeof PERIODS)[number]} set={(period) => set({ period })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
      <FieldGroup title={t('Told apart')}>
        <BreakdownField label={t('By')} act={question.event} value={question.breakdown} set={(breakdown) => set({ breakdown })} />
        <Switch label={t('Beside the period before')} checked={question.beside ?? false} onChange={({ currentTarget: { checked } }) => set({ beside: checked })} />
        {!needsProperty(question.measure) && question.measure !== 'people' && !formula && (
          <Switch label={t('Each period with all before it')} checked={question.cumulative ?? false} onChange={({ currentTarget: { checked } }) => set({ cumulative: checked })} />
        )}
        <SwitchField
          label={t('Drawn as')}
          of={[
            { value: 'lines', label: t('Lines') },
            { value: 'bars', label: t('Bars') },
            ...((question.period ?? 'day') === 'day' && question.breakdown === undefined ? [{ value: 'calendar' as const, label: t('Calendar') }] : []),
          ]}
          value={question.chart === 'calendar' && !calendared(question) ? 'bars' : (question.chart ?? 'lines')}
          set={(chart) => set({ chart })}
        />
      </FieldGroup>
    </>
  )
}

export const trend: InsightKind<'trend'> = {
  kind: 'trend',
  icon: ChartLine,
  label: () => t('Trend'),
  about: () => t('How much, how many, and how it changes'),
  blank: (events) => ({ kind: 'trend', event: usual(events), measure: 'count', period: 'day', when: { last_days: 30 }, top: SERIES_MOST - 1 }),
  title: (question) =>
    question.formula && question.b
      ? t('What is {{a}} {{sign}} {{b}}?', { a: measureWords(question), sign: { 'a / b': '÷', 'a - b': '−', 'a + b': '+', 'a * b': '×' }[question.formula], b: measureWords(question.b) })
      : measureQuestion(question),
  notes: (question) => notesOf(question, perPeriod(question.period ?? 'day'), question.cumulative && t('added up')),
  Fields,
  View,
  cell: (question, row, column): CellKey | null => {
    if (column !== 'value' && column !== 'events' && column !== 'a' && column !== 'b' && column !== 'events_b') return null
    const side: CellKey = column === 'b' || column === 'events_b' ? { of: 'b' } : question.formula && column !== 'value' ? { of: 'a' } : {}
    return { start: String(row['start']), ...lineKey(row), ...side }
  },
}
