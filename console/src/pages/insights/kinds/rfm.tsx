import { Grid3x3 } from 'lucide-react'
import { useMemo } from 'react'
import { type HeatRow, HeatTable } from '~/parts/charts/HeatTable'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { money } from '~/words/money'
import { count, percent } from '~/words/numbers'
import { type Answer, asNumber, type CellKey, peopleWords, type Row, rowsOf, wordFor } from '../answer'
import { useAnswer } from '../asking'
import { ActField } from '../fields/ActField'
import { FieldGroup } from '../fields/Field'
import { SwitchField, WholeField } from '../fields/PickField'
import { PropertyField } from '../fields/PropertyField'
import { SegmentField } from '../fields/SegmentField'
import { WhenField } from '../fields/WhenField'
import styles from '../Insights.module.css'
import type { FieldsProps, InsightKind, ViewProps } from '../kind'
import { Opening } from '../Number'
import type { RfmQuestion } from '../question'
import { actWords, notesOf } from '../questionWords'
import { usual } from '../usual'

export const cellName = (cell: unknown): string => wordFor(CELLS(), String(cell))

const CELLS = () => ({
  champions: t('Champions'),
  loyal: t('Loyal'),
  potential_loyalists: t('Potential loyalists'),
  new: t('New'),
  promising: t('Promising'),
  need_attention: t('Need attention'),
  about_to_sleep: t('About to sleep'),
  at_risk: t('At risk'),
  cannot_lose: t('Cannot lose'),
  hibernating: t('Hibernating'),
  lost: t('Lost'),
  absent: t('Not there'),
})

const SCORES = [1, 2, 3, 4, 5]
const valueOf = (row: Row | undefined, name: string) => (typeof row?.[name] === 'number' ? row[name] : 0)

function View(props: ViewProps<RfmQuestion>) {
  return props.asked.view === 'moves' ? <Moves {...props} /> : <Cells {...props} />
}

/** The grid of recency by worth, and under it the named cells with what they bring. */
function Cells({ asked, answer, rows, open, small }: ViewProps<RfmQuestion>) {
  const at = new Map(rows.map((row) => [`${valueOf(row, 'recency')} ${valueOf(row, 'worth')}`, row]))
  const most = Math.max(1, ...rows.map((row) => valueOf(row, 'people')))
  const table = SCORES.toReversed().map((recency): HeatRow => ({
    name: recency === 5 ? t('5, recently') : recency === 1 ? t('1, long ago') : String(recency),
    cells: SCORES.map((worth) => {
      const row = at.get(`${recency} ${worth}`)
      if (!row) return null
      const people = valueOf(row, 'people')
      return { text: count(people), note: cellName(row['cell']), heat: people / most, title: `${cellName(row['cell'])}: ${peopleWords(people)}`, pick: () => open({ recency, worth }) }
    }),
  }))
  return (
    <div className={styles.stack}>
      <HeatTable
        caption={t('People by how recently they came, and how much they are worth')}
        corner={t('Last came ↓ Worth →')}
        columns={SCORES.map((worth) => (worth === 1 ? t('1, seldom and little') : worth === 5 ? t('5, often and much') : String(worth)))}
        rows={table}
        tall
      />
      {!small && <Named asked={asked} answer={answer} open={open} />}
    </div>
  )
}

function Named({ asked, open }: { asked: RfmQuestion; answer: Answer; open: (cell: CellKey) => void }) {
  const named = useMemo(() => ({ ...asked, view: 'cells' }) as unknown as RfmQuestion, [asked])
  const { query } = useAnswer(named)
  if (!query.data) return null
  const { answer } = query.data
  const rows = rowsOf(answer)
  const isMoney = answer.columns.some(({ name }) => name === 'revenue')
  const abroad = rows.reduce((sum, row) => sum + valueOf(row, 'other_currency'), 0)
  return (
    <>
      <div className={`${styles.scroll} ${styles.named}`} tabIndex={0} role="region" aria-label={t('The named cells')}>
        <table className={tableStyles.table} data-dense>
          <thead>
            <tr>
              <th scope="col">{t('Cell')}</th>
              <th scope="col" className={tableStyles.number}>{t('People')}</th>
              <th scope="col" className={tableStyles.number}>{t('Share')}</th>
              <th scope="col" className={tableStyles.number}>{t('Days since, on average')}</th>
              <th scope="col" className={tableStyles.number}>{t('Times, on average')}</th>
              <th scope="col" className={tableStyles.number}>{isMoney ? t('Revenue') : t('Total')}</th>
              <th scope="col" className={tableStyles.number}>{t('Share of it')}</th>
              <th scope="col" className={tableStyles.number}>{t('Per person')}</th>
              <th scope="col" className={tableStyles.number}>{t('Gold')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const cell = String(row['cell'])
              const amount = (name: string, plain: string) =>
                isMoney ? (typeof row[name] === 'number' ? money(row[name], answer.currency) : '–') : typeof row[plain] === 'number' ? asNumber(row[plain]) : '–'
              return (
                <tr key={cell}>
                  <th scope="row">{cellName(cell)}</th>
                  <td className={tableStyles.number}>
                    <Opening open={() => open({ cell })}>{count(valueOf(row, 'people'))}</Opening>
                  </td>
                  <td className={tableStyles.number}>{percent(row['share'] as number | null)}</td>
                  <td className={tableStyles.number}>{typeof row['average_recency_days'] === 'number' ? asNumber(row['average_recency_days']) : '–'}</td>
                  <td className={tableStyles.number}>{typeof row['average_frequency'] === 'number' ? asNumber(row['average_frequency']) : '–'}</td>
                  <td className={tableStyles.number}>{amount('revenue', 'total')}</td>
                  <td className={tableStyles.number}>{percent((row['share_of_revenue'] ?? row['share_of_total'] ?? null) as number | null)}</td>
                  <td className={tableStyles.number}>{amount('avm', 'average')}</td>
                  <td className={tableStyles.number}>
                    <Opening open={() => open({ cell, gold: true })}>{count(valueOf(row, 'gold'))}</Opening>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {abroad > 0 && (
        <p className="quiet">{t('Money is in {{currency}}; {{orders}} orders in another currency are left out of it.', { currency: answer.currency, orders: asNumber(abroad) })}</p>
      )}
    </>
  )
}

/** From which cell to which, between the period before and this one. */
function Moves({ rows, open }: ViewProps<RfmQuestion>) {
  const from = [...new Set(rows.map((row) => String(row['from_cell'])))]
  const to = [...new Set(rows.map((row) => String(row['to_cell'])))]
  const most = Math.max(1, ...rows.map((row) => valueOf(row, 'people')))
  return (
    <HeatTable
      caption={t('From which cell people came, and to which they went')}
      corner={t('From ↓ To →')}
      columns={to.map(cellName)}
      rows={from.map((before) => ({
        name: cellName(before),
        cells: to.map((after) => {
          const row = rows.find((each) => each['from_cell'] === before && each['to_cell'] === after)
          if (!row) return null
          const people = valueOf(row, 'people')
          return { text: count(people), heat: people / most, title: `${cellName(before)} → ${cellName(after)}: ${peopleWords(people)}`, pick: () => open({ from_cell: before, to_cell: after }) }
        }),
      }))}
    />
  )
}

function Fields({ question, set }: FieldsProps<RfmQuestion>) {
  return (
    <>
      <FieldGroup title={t('What people did')}>
        <ActField label={t('Event')} act={question.event} set={(event) => set({ event })} />
        <PropertyField label={t('Their value is the sum of')} act={question.event} value={question.value ?? 'revenue'} set={(value) => set({ value })} />
        <SwitchField
          label={t('Frequency')}
          of={[
            { value: 'times', label: t('Times') },
            { value: 'days', label: t('Days') },
          ]}
          value={question.frequency ?? 'times'}
          set={(frequency) => set({ frequency })}
        />
        <WholeField label={t('Scores from 1 to')} value={question.bins ?? 5} least={2} most={10} set={(bins) => set({ bins })} />
        <SwitchField
          label={t('Show')}
          of={[
            { value: 'grid', label: t('Cells') },
            { value: 'moves', label: t('Moves') },
          ]}
          value={question.view ?? 'grid'}
          set={(view) => set({ view })}
        />
      </FieldGroup>
      <FieldGroup title={t('About whom and when')}>
        <WhenField when={question.when ?? { last_days: 365 }} set={(when) => set({ when })} />
        <SegmentField segment={question.segment} set={(segment) => set({ segment })} />
      </FieldGroup>
    </>
  )
}

export const rfm: InsightKind<'rfm'> = {
  kind: 'rfm',
  icon: Grid3x3,
  label: () => t('RFM grid'),
  about: () => t('Who the best customers are, and who is slipping'),
  blank: (events) => ({ kind: 'rfm', event: usual(events), view: 'grid', when: { last_days: 365 } }),
  title: ({ event, view }) =>
    view === 'moves' ? t('Where did people of {{what}} move to, since the period before?', { what: actWords(event) }) : t('How recently, how often and for how much did people do {{what}}?', { what: actWords(event) }),
  notes: (question) => notesOf(question, t('value by {{property}}', { property: question.value ?? 'revenue' })),
  Fields,
  View,
  cell: (_, row, column) => {
    const gold: CellKey = column === 'gold' ? { gold: true } : {}
    if (column !== 'people' && column !== 'gold') return null
    if ('from_cell' in row) return { from_cell: row['from_cell']!, to_cell: row['to_cell']!, ...gold }
    return 'recency' in row ? { recency: valueOf(row, 'recency'), worth: valueOf(row, 'worth'), ...gold } : { cell: row['cell']!, ...gold }
  },
}
