import { useQuery } from '@tanstack/react-query'
import { Chip } from '~/parts/Chip'
import { Answered, Waiting } from '~/parts/States'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { shortDay } from '~/words/moments'
import { count, percent } from '~/words/numbers'
import { between, change, more, moreBetween } from './amounts'
import { Axis } from './Axis'
import { EffectBar, reachOf } from './EffectBar'
import styles from './Experiments.module.css'
import { Lift, metricIn } from './Lift'
import { type Estimated, globalHoldout, type Holdout, type HoldoutPeriod, type Metric, type Trial } from './trials'
import { comparisonsOf, sentence } from './verdict'

/** What marketing as a whole brought: everybody who may be written to against those whom all of it leaves alone. */
export function GlobalHoldout() {
  const query = useQuery(globalHoldout)
  return (
    <section aria-labelledby="all-marketing">
      <div className={styles.heading}>
        <h2 id="all-marketing">{t('All marketing together')}</h2>
        <p className="quiet">{t('Everybody who may be written to, less those whom all marketing leaves alone')}</p>
      </div>
      <Answered query={query} what={t('The global holdout was not read')} waiting={<Waiting rows={3} height={56} />}>
        {(data) => (data.periods.some(({ in_force }) => in_force) ? <Periods data={data} /> : <Lift data={data} />)}
      </Answered>
    </section>
  )
}

function Periods({ data }: { data: Holdout }) {
  const metric = metricIn(data)
  if (!metric) return null
  const effects = data.periods.flatMap(({ trial }) => comparisonsOf(trial, metric.name).slice(0, 1)).map(({ difference }) => difference)
  const range = reachOf(effects)
  const scaled = effects.find((each) => each.status === 'estimated')
  return (
    <div className={styles.stack}>
      <Lift data={data} />
      <div className={tables.block} tabIndex={0} role="region" aria-label={t('Global holdout by period')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">{t('Period')}</th>
              <th scope="col">{t('From')}</th>
              <th scope="col" className={tables.number}>
                {t('Written to')}
              </th>
              <th scope="col" className={tables.number}>
                {t('Left alone')}
              </th>
              <th scope="col" className={tables.number}>
                {t('Revenue per person')}
              </th>
              <th scope="col" className={styles.holds}>
                <span className={scaled ? 'unseen' : undefined}>{t('Interval')}</span>
                {scaled && <Axis found={scaled} metric={metric} currency={data.currency} range={range} />}
              </th>
              <th scope="col" className={tables.number}>
                {t('Ratio')}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.periods.toReversed().map((period) => (
              <Period key={period.since} period={period} metric={metric} currency={data.currency} range={range} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

const peopleIn = (trial: Trial, variant: string) => trial.variants.find((each) => each.variant === variant)?.people

function Period({ period, metric, currency, range }: { period: HoldoutPeriod; metric: Metric; currency: string; range: [number, number] }) {
  const one = comparisonsOf(period.trial, metric.name)[0]
  const found = one?.difference
  const ratio = one?.ratio
  return (
    <tr>
      <td className={tables.name}>
        {period.period || t('All time')} {!period.is_over && <Chip tone="accent">{t('Running')}</Chip>} {!period.in_force && <Chip tone="warn">{t('Not in force')}</Chip>}
      </td>
      <td className="quiet">{shortDay(period.since, new Date())}</td>
      <td className={tables.number}>{count(peopleIn(period.trial, 'treated'))}</td>
      <td className={tables.number}>
        {count(peopleIn(period.trial, 'holdout'))}
        <div className={styles.under}>{period.shares.map(({ share }) => percent(share)).join(' → ')}</div>
      </td>
      {found?.status === 'estimated' ? (
        <Told found={found} ratio={ratio} metric={metric} currency={currency} range={range} />
      ) : (
        <td colSpan={3} className={`${styles.reason} faint`}>
          {found ? sentence(found.reason) : t('Too early to say.')}
        </td>
      )}
    </tr>
  )
}

function Told({ found, ratio, metric, currency, range }: { found: Estimated; ratio: HoldoutPeriod['trial']['comparisons'][number]['ratio'] | undefined; metric: Metric; currency: string; range: [number, number] }) {
  const said = change(found.value, metric, currency)
  return (
    <>
      <td className={tables.number}>
        {said}
        <div className={styles.under}>{between(found, metric, currency)}</div>
      </td>
      <td>
        <EffectBar found={found} worse={false} range={range} label={`${said}, ${between(found, metric, currency)}`} />
      </td>
      <td className={tables.number}>
        {ratio?.status === 'estimated' && (
          <>
            {more(ratio.value)}
            <div className={styles.under}>{moreBetween(ratio)}</div>
          </>
        )}
      </td>
    </>
  )
}
