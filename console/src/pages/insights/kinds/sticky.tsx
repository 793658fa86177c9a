import { Lightbulb } from 'lucide-react'
import type { Effect } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { SieveDrawing } from '~/parts/Drawings'
import { Interval, sharedRange } from '~/parts/Interval'
import { Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { count, percent, points, signed } from '~/words/numbers'
import type { CellKey, Row } from '../answer'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { WholeField } from '../fields/PickField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import { Opening } from '../Number'
import type { StickyQuestion } from '../question'
import { actWords, notesOf } from '../questionWords'

const share = (row: Row, name: string) => (typeof row[name] === 'number' ? row[name] : null)

function effectOf(row: Row): Effect {
  const [difference, low, high] = [share(row, 'effect'), share(row, 'low'), share(row, 'high')]
  if (difference === null || low === null || high === null) return { status: 'inconclusive', reason: t('Too few people in the hold-out') }
  return { status: 'estimated', difference, low, high, confidence: 0.95, relative: null }
}

const keyOf = (row: Row, did = true): CellKey => ({ behaviour: String(row['behaviour']), times: Number(row['times']), did })

function View({ rows, open }: ViewProps<StickyQuestion>) {
  if (rows.length === 0) {
    return (
      <Empty title={t('Nothing stands out')} drawing={<SieveDrawing />}>
        {t('No early behaviour goes with staying more than chance would have it. With more people, or other days, something may.')}
      </Empty>
    )
  }
  const effects = rows.map(effectOf)
  const range = sharedRange(effects)
  return (
    <div className={styles.stack}>
      <p className={styles.caution}>{t('These go together with staying; whether they make people stay only an experiment can tell. Each line is a hypothesis, measured on people it was not found in.')}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('Behaviours that go with staying')}>
        <table className={tableStyles.table}>
          <thead>
            <tr>
              <th scope="col">{t('In their first days they did')}</th>
              <th scope="col" className={tableStyles.number}>{t('People')}</th>
              <th scope="col" className={tableStyles.number}>{t('Stayed')}</th>
              <th scope="col" className={tableStyles.number}>{t('The others')}</th>
              <th scope="col">{t('Difference at equal activity')}</th>
              <th scope="col">{t('Hold-out')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <Behaviour key={`${String(row['behaviour'])} ${String(row['times'])}`} row={row} effect={effects[i]!} range={range} open={open} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function Behaviour({ row, effect, range, open }: { row: Row; effect: Effect; range: [number, number]; open: (cell: CellKey) => void }) {
  const times = Number(row['times'])
  return (
    <tr title={typeof row['says'] === 'string' ? row['says'] : undefined}>
      <th scope="row" className={styles.wide}>
        {String(row['behaviour'])}
        {times > 1 && <span className="quiet"> {counted(times, 'at least {{count}} time', 'at least {{count}} times')}</span>}
      </th>
      <td className={tableStyles.number}>
        <Opening open={() => open(keyOf(row))}>{count(Number(row['people']))}</Opening>
      </td>
      <td className={tableStyles.number}>
        <Opening open={() => open({ ...keyOf(row), stayed: true })}>{percent(share(row, 'stayed_share'))}</Opening>
      </td>
      <td className={tableStyles.number}>
        <Opening open={() => open({ ...keyOf(row, false), stayed: true })}>{percent(share(row, 'others_share'))}</Opening>
      </td>
      <td>
        <span className={styles.effect}>
          <Interval effect={effect} range={range} width={130} />
          {effect.status === 'estimated' && (
            <span>
              {points(effect.difference)} <span className="quiet">({t('{{low}} to {{high}}', { low: signed(effect.low * 100), high: signed(effect.high * 100) })})</span>
            </span>
          )}
        </span>
      </td>
      <td>{row['confirmed'] === true ? <Chip tone="good" dot>{t('confirmed')}</Chip> : <Chip>{t('not confirmed')}</Chip>}</td>
    </tr>
  )
}

function Fields({ question, set }: FieldsProps<StickyQuestion>) {
  const early = question.early_days ?? 7
  return (
    <>
      <FieldGroup title={t('Their life with you begins with')}>
        <ActField label={t('First event')} act={question.start ?? { events: [] }} set={(start) => set({ start: start.events.length > 0 ? start : undefined })} />
        {!question.start && <p className="faint">{t('Nothing chosen: their first event of all.')}</p>}
      </FieldGroup>
      <FieldGroup title={t('To stay is to do')}>
        <ActField label={t('Event that is staying')} act={question.stay ?? { events: [] }} set={(stay) => set({ stay: stay.events.length > 0 ? stay : undefined })} />
        {!question.stay && <p className="faint">{t('Nothing chosen: anything at all.')}</p>}
      </FieldGroup>
      <FieldGroup title={t('When')}>
        <WholeField label={t('Early are the first')} value={early} least={1} most={60} suffix={t('days')} set={(early_days) => set({ early_days })} />
        <WholeField label={t('Staying counts until day')} value={question.to_day ?? early + 28} least={early + 1} most={3653} set={(to_day) => set({ to_day })} />
        <WhenField when={question.when ?? { last_days: 180 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const sticky: InsightKind<'sticky'> = {
  kind: 'sticky',
  icon: Lightbulb,
  label: () => t('Sticky behaviours'),
  about: () => t('Which early habits go with staying'),
  blank: () => ({ kind: 'sticky', early_days: 7, when: { last_days: 180 } }),
  title: ({ early_days = 7, stay }) =>
    stay
      ? t('What do people do in their first {{days}} days that goes with doing {{stay}} later?', { days: early_days, stay: actWords(stay) })
      : t('What do people do in their first {{days}} days that goes with staying?', { days: early_days }),
  notes: (question) => notesOf(question, t('at equal activity'), t('measured in a hold-out')),
  Fields,
  View,
  cell: (_, row, column) => (column === 'people' ? keyOf(row) : null),
}
