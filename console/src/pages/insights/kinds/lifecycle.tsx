import { Sprout } from 'lucide-react'
import { useMemo } from 'react'
import { Chart } from '~/parts/charts/Chart'
import { HeatTable } from '~/parts/charts/HeatTable'
import { type Lines, linesOption, nearest } from '~/parts/charts/lines'
import type { Role } from '~/parts/charts/roles'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { type Answer, asNumber, asShort, type CellKey, peopleWords, periodWords, type Row, wordFor } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PeriodField, SwitchField } from '../fields/PickField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { LifecycleQuestion } from '../question'
import { actWords, notesOf, perPeriod } from '../questionWords'
import { usual } from '../usual'
import { openWords, startsOf } from './periods'

const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const
const DRAWN: [string, Role][] = [
  ['returning', 'c-1'],
  ['new', 'c-3'],
  ['resurrected', 'c-2'],
  ['dormant', 'c-mute'],
]

export const stageName = (stage: string) =>
  wordFor({ new: t('New'), returning: t('Returning'), resurrected: t('Back again'), dormant: t('Gone quiet'), away: t('Away'), active: t('Active'), other: t('Other') }, stage)

function View(props: ViewProps<LifecycleQuestion>) {
  return props.asked.show === 'moves' ? <Moves {...props} /> : <Sizes {...props} />
}

function picture(asked: LifecycleQuestion, answer: Answer, rows: Row[], starts: string[]): Lines {
  const period = asked.period ?? 'week'
  const at = new Map(rows.map((row) => [`${String(row['start'])} ${String(row['stage'])}`, Number(row['people'])]))
  const incomplete = new Set(rows.filter((row) => row['complete'] === false).map((row) => starts.indexOf(String(row['start']))))
  return {
    across: starts.map((start) => ({ short: periodWords(start, period, answer.time_zone), full: periodWords(start, period, answer.time_zone, true) })),
    // Those who went quiet hang under the line: what was won, and what was lost.
    series: DRAWN.map(([stage, role]) => ({ name: stageName(stage), role, values: starts.map((start) => (at.get(`${start} ${stage}`) ?? 0) * (stage === 'dormant' ? -1 : 1)) })),
    open: incomplete,
    openWords: openWords(),
    write: (value) => asNumber(Math.abs(value)),
    writeShort: (value) => asShort(Math.abs(value)),
    bars: true,
    stacked: true,
  }
}

function Sizes({ asked, answer, rows, open, small }: ViewProps<LifecycleQuestion>) {
  const starts = useMemo(() => startsOf(rows), [rows])
  const lines = useMemo(() => picture(asked, answer, rows, starts), [asked, answer, rows, starts])
  return (
    <Chart
      height={small ? 210 : 330}
      legend={{ of: lines.series, always: true }}
      label={lines.series.map(({ name, values }) => `${name}: ${asNumber(Math.abs(values.at(-1) ?? 0))}`).join(', ')}
      option={useMemo(() => (roles, width) => linesOption(lines, roles, width), [lines])}
      onPick={(picked) => {
        const found = nearest(picked, lines)
        if (found) open({ start: starts[found.index]!, stage: DRAWN[found.series]![0] })
      }}
    />
  )
}

/** From which stage to which, into the last period that is over. */
function Moves({ asked, answer, rows, open }: ViewProps<LifecycleQuestion>) {
  const over = rows.filter((row) => row['complete'] !== false)
  const last = String((over.at(-1) ?? rows.at(-1))?.['start'] ?? '')
  const its = rows.filter((row) => row['start'] === last)
  const from = [...new Set(its.map((row) => row['stage_before'] as string | null))]
  const to = [...new Set(its.map((row) => String(row['stage'])))]
  const most = Math.max(1, ...its.map((row) => Number(row['people'])))
  return (
    <div className={styles.stack}>
      <p className="quiet">{last && t('Moves into: {{period}}', { period: periodWords(last, asked.period ?? 'week', answer.time_zone, true) })}</p>
      <HeatTable
        caption={t('From which stage people came, and to which they went')}
        corner={t('From')}
        columns={to.map(stageName)}
        tall
        rows={from.map((before) => ({
          name: before === null ? t('Not there yet') : stageName(before),
          cells: to.map((stage) => {
            const row = its.find((each) => each['stage_before'] === before && each['stage'] === stage)
            if (!row) return null
            const people = Number(row['people'])
            return {
              text: asNumber(people),
              note: typeof row['share'] === 'number' ? percent(row['share']) : '',
              heat: people / most,
              title: peopleWords(people),
              pick: () => open({ start: last, stage, ...(before === null ? { not_there_before: true } : { stage_before: before }) }),
            }
          }),
        }))}
      />
    </div>
  )
}

function Fields({ question, set }: FieldsProps<LifecycleQuestion>) {
  return (
    <>
      <FieldGroup title={t('What makes people active')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <SwitchField
          label={t('Show')}
          of={[
            { value: 'sizes', label: t('Stages') },
            { value: 'moves', label: t('Moves') },
          ]}
          value={question.show ?? 'sizes'}
          set={(show) => set({ show })}
        />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 90 }} set={(when) => set({ when })} />
        <PeriodField of={PERIODS} value={question.period ?? 'week'} set={(period) => set({ period })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const lifecycle: InsightKind<'lifecycle'> = {
  kind: 'lifecycle',
  icon: Sprout,
  label: () => t('Lifecycle'),
  about: () => t('Who is new, back again, or gone'),
  blank: (events) => ({ kind: 'lifecycle', event: usual(events), period: 'week', when: { last_days: 90 } }),
  title: ({ event, show }) =>
    show === 'moves' ? t('From where to where do people go with {{what}}?', { what: actWords(event) }) : t('Who is new to {{what}}, back again, or gone?', { what: actWords(event) }),
  notes: (question) => notesOf(question, perPeriod(question.period ?? 'week')),
  Fields,
  View,
  cell: (_, row, column) => {
    if (column !== 'people') return null
    const before: CellKey = 'stage_before' in row ? (row['stage_before'] === null ? { not_there_before: true } : { stage_before: String(row['stage_before']) }) : {}
    return { start: String(row['start']), stage: String(row['stage']), ...before }
  },
}
