import { Timer } from 'lucide-react'
import { useMemo } from 'react'
import { Chart } from '~/parts/charts/Chart'
import { type Lines, linesOption, nearest } from '~/parts/charts/lines'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { told } from '~/words/told'
import type { Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { PickField, WholeField } from '../fields/PickField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import type { IntervalQuestion } from '../question'
import { actWords, notesOf, withinWords } from '../questionWords'
import { use } from '../usual'

const share = (row: Row, name: string) => (typeof row[name] === 'number' ? row[name] : null)

function curve(rows: Row[]): Lines {
  // Of the repeaters where that is known; else of all, as far as anybody was watched.
  const column = rows.some((row) => share(row, 'share') !== null) ? 'share' : 'returned'
  return {
    across: rows.map((row) => ({ short: String(row['days']), full: counted(Number(row['days']), 'Within {{count}} day', 'Within {{count}} days') })),
    series: [{ name: column === 'share' ? t('Of those who come back') : t('Of everybody'), role: 'c-1', values: rows.map((row) => share(row, column)) }],
    open: new Set(),
    openWords: '',
    write: (value) => percent(value),
    writeShort: (value) => percent(value, 0),
    most: 1,
    acrossName: t('Days until they come back'),
  }
}

function View({ rows, open, small }: ViewProps<IntervalQuestion>) {
  const lines = useMemo(() => curve(rows), [rows])
  const finding = rows[0]?.['finding']
  const days = rows[0]?.['interval_days']
  return (
    <div className={styles.stack}>
      {typeof days === 'number' && (
        <p className={styles.hero}>
          {counted(days, '{{count}} day', '{{count}} days')}
          <small>{t('is how long most of those who come back need')}</small>
        </p>
      )}
      {typeof finding === 'string' && <p className="quiet">{told(finding)}</p>}
      <Chart
        height={small ? 200 : 320}
        label={t('The share that came back, by days')}
        option={useMemo(() => (roles, width) => linesOption(lines, roles, width), [lines])}
        onPick={(picked) => {
          const found = nearest(picked, lines)
          if (found) open({ days: Number(rows[found.index]!['days']), state: 'within' })
        }}
      />
    </div>
  )
}

function Fields({ question, set }: FieldsProps<IntervalQuestion>) {
  return (
    <>
      <FieldGroup title={t('What counts as use')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <PickField
          label={t('Between')}
          of={[
            { value: 'nth', label: t('Their first day and the next') },
            { value: 'every', label: t('Every day of use and the next') },
            { value: 'median', label: t('Each person’s usual two days') },
          ]}
          value={question.gap ?? 'nth'}
          set={(gap) => set({ gap })}
        />
        <WholeField label={t('Followed for')} value={question.within_days ?? 28} least={1} most={731} suffix={t('days')} set={(within_days) => set({ within_days })} />
        <WholeField label={t('Until so many are back')} value={Math.round((question.share ?? 0.8) * 100)} least={1} most={99} suffix="%" set={(value) => set({ share: value / 100 })} />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 90 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const interval: InsightKind<'interval'> = {
  kind: 'interval',
  icon: Timer,
  label: () => t('Interval'),
  about: () => t('How often people come by themselves'),
  blank: (events) => ({ kind: 'interval', event: use(events), within_days: 28, when: { last_days: 90 } }),
  title: ({ event }) => t('How long until people do {{what}} again?', { what: actWords(event) }),
  notes: (question) => notesOf(question, withinWords(question.within_days ?? 28), t('{{share}} of those who come back', { share: percent(question.share ?? 0.8, 0) })),
  Fields,
  View,
  cell: (_, row, column) =>
    column === 'at_risk' || column === 'came_back' ? { days: Number(row['days']), state: column } : null,
}
