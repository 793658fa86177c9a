import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { ArrowDown, ArrowUp, ChartNoAxesColumnDecreasing, Plus, TrendingDown, X } from 'lucide-react'
import { useMemo } from 'react'
import { FunnelPicture } from '~/parts/charts/FunnelPicture'
import { Chart } from '~/parts/charts/Chart'
import { type Lines, linesOption, nearest } from '~/parts/charts/lines'
import { Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { asNumber, asShort, asTime, type CellKey, peopleWords, type Row, rowsOf } from '../answer'
import { useAnswer } from '../asking'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import fieldStyles from '../fields/Fields.module.css'
import { PickField, SwitchField, WholeField } from '../fields/PickField'
import { BreakdownField, PropertyField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import { Opening } from '../Number'
import type { Act, FunnelQuestion } from '../question'
import { actWords, breakdownWords, notesOf, withinWords } from '../questionWords'
import { theirs, way } from '../usual'
import { lineKey, linesOf } from './broken'

const STEPS_MOST = 20
const number = (row: Row | undefined, name: string) => (typeof row?.[name] === 'number' ? row[name] : 0)

/** A step as it is called under its bar: its event, without quotes. */
const stepName = (act: Act | undefined) => (act && act.events.length === 1 && !act.where ? act.events[0]! : actWords(act))

function View(props: ViewProps<FunnelQuestion>) {
  return props.asked.show === 'times' ? <Times {...props} /> : <Steps {...props} />
}

/** Everybody's steps; with a breakdown, they are asked for by themselves: medians do not add up. */
function Steps({ asked, rows, open, small }: ViewProps<FunnelQuestion>) {
  const { breakdown, ...whole } = asked
  const { query } = useAnswer<FunnelQuestion>(whole, breakdown !== undefined)
  const all = useMemo(() => (breakdown === undefined ? rows : query.data ? rowsOf(query.data.answer) : null), [breakdown, rows, query.data])
  return (
    <div className={styles.stack}>
      {all === null ? (
        <Waiting rows={1} height={300} />
      ) : (
        <FunnelPicture
          label={t('Funnel')}
          steps={all.map((row, i) => ({ name: stepName(asked.steps[i]), share: number(row, 'share'), below: <Below row={row} before={all[i - 1]} open={open} /> }))}
        />
      )}
      {breakdown !== undefined && !small && <Broken asked={asked} rows={rows} open={open} />}
    </div>
  )
}

function Below({ row, before, open }: { row: Row; before: Row | undefined; open: (cell: CellKey) => void }) {
  const step = number(row, 'step')
  const lost = number(before, 'people') - number(row, 'people')
  const median = row['median_seconds']
  return (
    <>
      <Opening open={() => open({ step })}>{peopleWords(number(row, 'people'))}</Opening>
      {before && lost > 0 && (
        <span className={styles.lost}>
          <TrendingDown size={13} aria-hidden="true" />
          <Opening open={() => open({ step, lost: true })}>
            {t('{{people}} left, {{share}}', { people: count(lost), share: percent(lost / number(before, 'people'), 0) })}
          </Opening>
        </span>
      )}
      {before && typeof median === 'number' && <span className="quiet">{t('median {{time}}', { time: asTime(median) })}</span>}
    </>
  )
}

function Broken({ asked, rows, open }: { asked: FunnelQuestion; rows: Row[]; open: (cell: CellKey) => void }) {
  const lines = linesOf(rows)
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('The funnel, told apart')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{asked.breakdown !== undefined && breakdownWords(asked.breakdown)}</th>
            <th scope="col" className={tableStyles.number}>
              {t('People')}
            </th>
            {asked.steps.slice(1).map((step, i) => (
              <th key={i} scope="col" className={tableStyles.number}>
                {i + 2}. {stepName(step)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, rows: its }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {its.map((row, i) => (
                <td key={i} className={tableStyles.number}>
                  <Opening open={() => open({ step: number(row, 'step'), ...lineKey(row) })}>
                    {i === 0 ? count(number(row, 'people')) : percent(number(row, 'share'))}
                  </Opening>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** How long those who came to the last step needed. */
function Times({ asked, rows, open, small }: ViewProps<FunnelQuestion>) {
  const last = asked.steps.length
  const its = useMemo(() => rows.filter((row) => row['step'] === last && (row['part'] ?? 'value') === 'value'), [rows, last])
  const lines = useMemo((): Lines => {
    const broken = linesOf(its)
    const first = broken[0]?.rows ?? []
    const words = (row: Row) => t('{{from}} to {{to}}', { from: asTime(number(row, 'from_seconds')), to: asTime(number(row, 'to_seconds')) })
    return {
      across: first.map((row) => ({ short: asTime(number(row, 'from_seconds')), full: words(row) })),
      series: broken.map(({ name, role, rows: parts }) => ({ name: asked.breakdown === undefined ? t('People') : name, role, values: parts.map((row) => number(row, 'people')) })),
      open: new Set(),
      openWords: '',
      write: asNumber,
      writeShort: asShort,
      bars: true,
      stacked: true,
    }
  }, [its, asked.breakdown])
  const broken = linesOf(its)
  return (
    <Chart
      height={small ? 220 : 300}
      legend={{ of: lines.series, always: true }}
      label={t('How many people took how long to come to the last step')}
      option={useMemo(() => (roles, width) => linesOption(lines, roles, width), [lines])}
      onPick={(picked) => {
        const found = nearest(picked, lines)
        const row = found && broken[found.series]?.rows[found.index]
        if (row) open({ step: last, from_seconds: number(row, 'from_seconds'), ...lineKey(row) })
      }}
    />
  )
}

function Fields({ question, set }: FieldsProps<FunnelQuestion>) {
  const { steps } = question
  const setStep = (at: number, act: Act | null) => set({ steps: steps.flatMap((old, i) => (i === at ? (act ? [act] : []) : [old])) })
  const swap = (at: number) => set({ steps: steps.map((old, i) => (i === at ? steps[at + 1]! : i === at + 1 ? steps[at]! : old)) })
  return (
    <>
      <FieldGroup title={t('Steps')}>
        {steps.map((step, i) => (
          <div key={i} className={fieldStyles.numbered}>
            <span aria-hidden="true">{i + 1}.</span>
            <ActField
              label={t('Step {{number}}', { number: i + 1 })}
              act={step}
              set={(act) => setStep(i, act)}
              tools={<StepTools number={i + 1} last={i === steps.length - 1} swap={swap} {...(steps.length > 2 ? { drop: () => setStep(i, null) } : {})} />}
            />
          </div>
        ))}
        {steps.length < STEPS_MOST && (
          <Button variant="subtle" className={fieldStyles.add} leftSection={<Plus size={14} />} onClick={() => set({ steps: [...steps, { events: [] }] })}>
            {t('Add step')}
          </Button>
        )}
      </FieldGroup>
      <FieldGroup title={t('How')}>
        <WholeField label={t('All steps within')} value={question.within_days ?? 7} least={1} most={3653} suffix={t('days')} set={(within_days) => set({ within_days })} />
        <PickField
          label={t('Order')}
          of={[
            { value: 'loose', label: t('Anything may come between') },
            { value: 'strict', label: t('No other step between') },
          ]}
          value={question.order ?? 'loose'}
          set={(order) => set({ order })}
        />
        <PropertyField label={t('All steps have the same')} hint={t('Nothing: any')} act={steps[0] ?? { events: [] }} value={question.holding} set={(holding) => set({ holding })} />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 30 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
      <FieldGroup title={t('Told apart')}>
        <BreakdownField label={t('By')} act={steps[0] ?? { events: [] }} value={question.breakdown} set={(breakdown) => set({ breakdown })} />
        <SwitchField
          label={t('Show')}
          of={[
            { value: 'steps', label: t('Steps') },
            { value: 'times', label: t('Time to convert') },
          ]}
          value={question.show ?? 'steps'}
          set={(show) => set({ show })}
        />
      </FieldGroup>
    </>
  )
}

function StepTools({ number, last, swap, drop }: { number: number; last: boolean; swap: (at: number) => void; drop?: () => void }) {
  return (
    <>
      {number > 1 && (
        <Tooltip label={t('Earlier')}>
          <ActionIcon aria-label={t('Step {{number}} earlier', { number })} onClick={() => swap(number - 2)}>
            <ArrowUp size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      {!last && (
        <Tooltip label={t('Later')}>
          <ActionIcon aria-label={t('Step {{number}} later', { number })} onClick={() => swap(number - 1)}>
            <ArrowDown size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      {drop && (
        <Tooltip label={t('Remove step')}>
          <ActionIcon aria-label={t('Remove step {{number}}', { number })} onClick={drop}>
            <X size={14} />
          </ActionIcon>
        </Tooltip>
      )}
    </>
  )
}

export const funnel: InsightKind<'funnel'> = {
  kind: 'funnel',
  icon: ChartNoAxesColumnDecreasing,
  label: () => t('Funnel'),
  about: () => t('How many get through, and where they are lost'),
  blank: (events) => {
    const steps = way(events)
    const more = theirs(events).slice(0, Math.max(0, 2 - steps.length)).map((name) => ({ events: [name] }))
    return { kind: 'funnel', steps: [...steps, ...more], within_days: 7, when: { last_days: 30 }, top: 6 }
  },
  title: ({ steps, show }) =>
    show === 'times'
      ? t('How long do people take from {{first}} to {{last}}?', { first: actWords(steps[0]), last: actWords(steps.at(-1)) })
      : t('How many people get from {{first}} to {{last}}?', { first: actWords(steps[0]), last: actWords(steps.at(-1)) }),
  notes: (question) => notesOf(question, withinWords(question.within_days ?? 7), question.order === 'strict' ? t('strict order') : t('in order')),
  Fields,
  View,
  cell: ({ show }, row, column) => {
    if (column !== 'people') return null
    const from: CellKey = show === 'times' ? { from_seconds: number(row, 'from_seconds') } : {}
    return { step: number(row, 'step'), ...lineKey(row), ...from }
  },
}
