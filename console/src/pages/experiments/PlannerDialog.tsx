import { Autocomplete, Button, NumberInput, SegmentedControl } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { eventNames } from '~/api/queries'
import { Dialog } from '~/parts/Dialog'
import { useNow } from '~/parts/Moment'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, NONE, percent, signed } from '~/words/numbers'
import styles from './Experiments.module.css'
import { past, plan, type PlanWish, trial } from './trials'
import { deciding, metricOf, peopleADay } from './verdict'

const TABLE_DAYS = [14, 28, 56, 84]
const DEBOUNCE_MS = 350

/** The trial whose own people are planned for; without one, history is asked who would come. */
export function PlannerDialog({ id, close }: { id?: string; close: () => void }) {
  return (
    <Dialog onClose={close} title={t('How many people does it take?')} size={640}>
      <Planner id={id} />
      <div className={styles.actions}>
        <Button onClick={close} data-autofocus>
          {t('Close')}
        </Button>
      </div>
    </Dialog>
  )
}

function Planner({ id }: { id: string | undefined }) {
  const now = useNow()
  const read = useQuery({ ...trial(id ?? ''), enabled: id !== undefined }).data
  const metric = read && deciding(read)
  const names = useQuery(eventNames).data?.map(({ name }) => name) ?? []
  const [comes, setComes] = useState('')
  const [goal, setGoal] = useState('Order Completed')
  const [days, setDays] = useState<number | string>(metric ? metric.within_seconds / 86_400 : 7)
  const [asked] = useDebouncedValue({ comes: comes.trim(), goal: goal.trim(), days: Number(days) || 7 }, DEBOUNCE_MS)
  const history = useQuery({ ...past(asked.comes, asked.goal, asked.days), enabled: id === undefined && asked.comes !== '' && asked.goal !== '' && names.includes(asked.comes) && names.includes(asked.goal) })
  const [typedBase, setBase] = useState<number | string>('')
  const [typedPace, setPace] = useState<number | string>('')
  const [variants, setVariants] = useState<number | string>('')
  const own = read && metric ? read.variants.find(({ variant }) => variant === read.base)?.figures[metricOf(read, metric.name)?.name ?? '']?.mean : undefined
  const seen = own ?? (history.data && history.data.came > 0 ? history.data.did / history.data.came : undefined)
  const pace = read ? peopleADay(read, now) : history.data ? history.data.came / history.data.days : undefined
  const base = typedBase === '' ? seen : Number(typedBase) / 100
  const perDay = typedPace === '' ? pace : Number(typedPace)
  const many = variants === '' ? Math.max(2, read?.variants.length ?? 2) : Number(variants)
  const shared = base !== undefined && perDay !== undefined && base > 0 && base < 1 && perDay > 0 ? { base: round(base), variants: many, power: 0.8, people_a_day: round(perDay), within_days: Number(days) || 7 } : null
  return (
    <div className={styles.form}>
      {id === undefined && (
        <div className={styles.triple}>
          <Autocomplete label={t('Who takes part: people who did')} placeholder={t('Choose an event')} data={[...new Set(names)]} limit={30} value={comes} onChange={setComes} data-autofocus />
          <Autocomplete label={t('Goal')} data={[...new Set(names)]} limit={30} value={goal} onChange={setGoal} />
          <NumberInput label={t('Within, days')} min={0.01} value={days} onChange={setDays} />
        </div>
      )}
      <div className={styles.triple}>
        <NumberInput
          label={t('Reach the goal now')}
          description={seen === undefined ? t('Of 100 people') : t('By history: {{share}}', { share: percent(seen) })}
          placeholder={seen === undefined ? '' : (seen * 100).toFixed(1)}
          suffix="%"
          min={0.01}
          max={99.9}
          value={typedBase}
          onChange={setBase}
        />
        <NumberInput
          label={t('People a day')}
          description={pace === undefined ? t('All variants together') : t('By history: {{people}}', { people: count(pace) })}
          placeholder={pace === undefined ? '' : String(Math.round(pace))}
          min={1}
          thousandSeparator=","
          value={typedPace}
          onChange={setPace}
        />
        <NumberInput label={t('Variants')} description={t('The base among them')} min={2} max={20} placeholder={String(many)} value={variants} onChange={setVariants} />
      </div>
      {history.isError && (
        <p className={styles.problem} role="alert">
          {t('History could not be asked.')} {history.error.message}
        </p>
      )}
      {shared ? <Answers shared={shared} /> : <p className="quiet">{t('Say who takes part and what the goal is, or type both numbers: then it tells how many people and days it takes.')}</p>}
    </div>
  )
}

const round = (value: number) => Number(value.toPrecision(4))

type Shared = Omit<PlanWish, 'lift' | 'days'>

/** From the effect to people and days, or from days to the smallest effect they show. */
function Answers({ shared }: { shared: Shared }) {
  const [by, setBy] = useState('lift')
  const [lift, setLift] = useState<number | string>(10)
  const [days, setDays] = useState<number | string>(28)
  const wish: PlanWish = by === 'lift' ? { ...shared, lift: Number(lift) / 100 } : { ...shared, days: Number(days) }
  const [asked] = useDebouncedValue(wish, DEBOUNCE_MS)
  const query = useQuery({ ...plan(asked), enabled: (asked.lift !== undefined && asked.lift !== 0) || (asked.days ?? 0) > 0 })
  const found = query.data
  return (
    <>
      <div className={styles.tools}>
        <SegmentedControl
          aria-label={t('What is planned by')}
          data={[
            { value: 'lift', label: t('From the effect') },
            { value: 'days', label: t('From the days') },
          ]}
          value={by}
          onChange={setBy}
        />
        {by === 'lift' ? (
          <NumberInput aria-label={t('Smallest change that matters')} w={130} prefix="+" suffix="%" value={lift} onChange={setLift} />
        ) : (
          <NumberInput aria-label={t('Days it may take')} w={130} suffix={t(' days')} min={1} value={days} onChange={setDays} />
        )}
      </div>
      {query.isError ? (
        <p className={styles.problem} role="alert">
          {query.error.message}
        </p>
      ) : (
        found && (
          <div className={styles.planned} role="status" aria-busy={query.isPlaceholderData}>
            <div>
              <span className={styles.heroLabel}>{t('Smallest change it finds')}</span>
              <strong>{`${signed(found.lift * 100)}%`}</strong>
              <span className={styles.heroNote}>{t('{{from}} becomes {{to}}', { from: percent(found.base), to: percent(found.base * (1 + found.lift)) })}</span>
            </div>
            <div>
              <span className={styles.heroLabel}>{t('People')}</span>
              <strong>{count(found.planned_people)}</strong>
              <span className={styles.heroNote}>{t('{{people}} in each variant', { people: count(found.people_each) })}</span>
            </div>
            <div>
              <span className={styles.heroLabel}>{t('Days')}</span>
              <strong>{found.days === null ? NONE : count(found.days)}</strong>
              <span className={styles.heroNote}>{t('The time for the goal included')}</span>
            </div>
          </div>
        )
      )}
      <p className={styles.note}>{t('Found in 80 of 100 trials where it is there, at 95% confidence, with looks at any time. Write the number of people into the experiment as planned people.')}</p>
      <ByDays shared={shared} />
    </>
  )
}

function ByDays({ shared }: { shared: Shared }) {
  return (
    <div className={tables.block} tabIndex={0} role="region" aria-label={t('What so many days show')}>
      <table className={tables.table} data-dense>
        <thead>
          <tr>
            <th scope="col">{t('In so many days')}</th>
            <th scope="col" className={tables.number}>
              {t('People')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Smallest change found')}
            </th>
          </tr>
        </thead>
        <tbody>
          {TABLE_DAYS.map((days) => (
            <ByDay key={days} shared={shared} days={days} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function ByDay({ shared, days }: { shared: Shared; days: number }) {
  const [wish] = useDebouncedValue<PlanWish>({ ...shared, days }, DEBOUNCE_MS)
  const query = useQuery({ ...plan(wish), enabled: days > shared.within_days })
  return (
    <tr>
      <td>{days}</td>
      <td className={tables.number}>{query.data ? count(query.data.planned_people) : NONE}</td>
      <td className={tables.number}>{query.data ? `${signed(query.data.lift * 100)}%` : <span className="faint">{query.isError || days <= shared.within_days ? t('None') : '…'}</span>}</td>
    </tr>
  )
}
