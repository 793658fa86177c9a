import { Magnet } from 'lucide-react'
import { useMemo } from 'react'
import { Chart } from '~/parts/charts/Chart'
import { type Lines, linesOption, nearest } from '~/parts/charts/lines'
import type { Role } from '~/parts/charts/roles'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { type Answer, asNumber, asShort, type CellKey, periodWords, type Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { SwitchField } from '../fields/PickField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { StickinessQuestion } from '../question'
import { actWords, notesOf } from '../questionWords'
import { use } from '../usual'
import { openWords } from './periods'

type Window = 'day' | 'week' | 'month'
const SHARES: [string, Window, Role, () => string][] = [
  ['daily_of_monthly', 'day', 'c-1', () => t('Day of 30 days')],
  ['daily_of_weekly', 'day', 'c-2', () => t('Day of 7 days')],
  ['weekly_of_monthly', 'week', 'c-3', () => t('7 of 30 days')],
]
const PEOPLE: [string, Window, Role, () => string][] = [
  ['daily', 'day', 'c-1', () => t('That day')],
  ['weekly', 'week', 'c-2', () => t('In 7 days')],
  ['monthly', 'month', 'c-3', () => t('In 30 days')],
]
const drawn = (asked: StickinessQuestion) => (asked.column === 'people' ? PEOPLE : SHARES)
const value = (row: Row, name: string) => (typeof row[name] === 'number' ? row[name] : null)

function rolling(asked: StickinessQuestion, answer: Answer, rows: Row[]): Lines {
  const shares = asked.column !== 'people'
  return {
    across: rows.map(({ start }) => ({ short: periodWords(String(start), 'day', answer.time_zone), full: periodWords(String(start), 'day', answer.time_zone, true) })),
    series: drawn(asked).map(([name, , role, words]) => ({ name: words(), role, values: rows.map((row) => value(row, name)) })),
    open: new Set(rows.flatMap((row, i) => (row['complete'] === false ? [i] : []))),
    openWords: openWords(),
    write: (amount) => (shares ? percent(amount) : asNumber(amount)),
    writeShort: (amount) => (shares ? percent(amount, 0) : asShort(amount)),
  }
}

const powerful = (rows: Row[]): Lines => ({
  across: rows.map((row) => ({ short: String(row['days']), full: counted(Number(row['days']), 'On {{count}} day', 'On {{count}} days') })),
  series: [{ name: t('People'), role: 'c-1', values: rows.map((row) => value(row, 'people')) }],
  open: new Set(),
  openWords: '',
  write: asNumber,
  writeShort: asShort,
  bars: true,
})

function View({ asked, answer, rows, open, small }: ViewProps<StickinessQuestion>) {
  const power = asked.show === 'power_users'
  const lines = useMemo(() => (power ? powerful(rows) : rolling(asked, answer, rows)), [power, asked, answer, rows])
  return (
    <Chart
      height={small ? 220 : 340}
      legend={{ of: lines.series, always: false }}
      label={lines.series.map(({ name, values }) => `${name}: ${lines.write(values.findLast((amount) => amount !== null) ?? 0)}`).join(', ')}
      option={useMemo(() => (roles, width) => linesOption(lines, roles, width), [lines])}
      onPick={(picked) => {
        const found = nearest(picked, lines)
        const row = found && rows[found.index]
        if (!row) return
        open(power ? { days: Number(row['days']) } : { start: String(row['start']), window: drawn(asked)[found.series]![1] })
      }}
    />
  )
}

function Fields({ question, set }: FieldsProps<StickinessQuestion>) {
  return (
    <>
      <FieldGroup title={t('What makes people active')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <SwitchField
          label={t('Show')}
          of={[
            { value: 'rolling', label: t('Day by day') },
            { value: 'power_users', label: t('Days per person') },
          ]}
          value={question.show ?? 'rolling'}
          set={(show) => set({ show })}
        />
        {question.show !== 'power_users' && (
          <SwitchField
            label={t('As')}
            of={[
              { value: 'share', label: t('Shares') },
              { value: 'people', label: t('People') },
            ]}
            value={question.column ?? 'share'}
            set={(column) => set({ column })}
          />
        )}
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 30 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

const WINDOWS: Record<string, Window> = { daily: 'day', weekly: 'week', monthly: 'month' }

export const stickiness: InsightKind<'stickiness'> = {
  kind: 'stickiness',
  icon: Magnet,
  label: () => t('Stickiness'),
  about: () => t('How many come on how many days'),
  blank: (events) => ({ kind: 'stickiness', event: use(events), show: 'rolling', when: { last_days: 30 } }),
  title: ({ event, show }) =>
    show === 'power_users' ? t('On how many days do people do {{what}}?', { what: actWords(event) }) : t('How much of a month’s people do {{what}} on a day?', { what: actWords(event) }),
  notes: (question) => notesOf(question, question.show !== 'power_users' && t('windows of 1, 7 and 30 days')),
  Fields,
  View,
  cell: (_, row, column): CellKey | null => {
    if (column === 'people') return { days: Number(row['days']) }
    if (column === 'people_or_more') return { days: Number(row['days']), or_more: true }
    return column in WINDOWS ? { start: String(row['start']), window: WINDOWS[column]! } : null
  },
}
