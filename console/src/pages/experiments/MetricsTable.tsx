import { Fragment } from 'react'
import { Chip } from '~/parts/Chip'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { between, change, each, inAll, inAllBetween, isWorse, metricName, more, moreBetween, variantName } from './amounts'
import { Axis } from './Axis'
import { EffectBar, reachOf } from './EffectBar'
import styles from './Experiments.module.css'
import type { Comparison, Found, Metric, Trial } from './trials'
import { isSure, sentence } from './verdict'

interface Props {
  trial: Trial
  metrics: Metric[]
  /** Tell effects per person who really got something, and not over everybody assigned. */
  exposed: boolean
  label: string
}

/** Each metric: what the base does, and by how much each variant differs, with intervals on one scale a metric. */
export function MetricsTable({ trial, metrics, exposed, label }: Props) {
  return (
    <div className={tables.block} tabIndex={0} role="region" aria-label={label}>
      <table className={`${tables.table} ${styles.metrics}`}>
        <thead>
          <tr>
            <th scope="col">{t('Metric')}</th>
            <th scope="col">{t('Variant')}</th>
            <th scope="col" className={tables.number}>
              {t('On average')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Difference')}
            </th>
            <th scope="col">{t('Interval')}</th>
            <th scope="col" className={tables.number}>
              {t('Ratio')}
            </th>
            <th scope="col" className={tables.number}>
              {t('In all')}
            </th>
            <th scope="col">{t('Sure?')}</th>
          </tr>
        </thead>
        <tbody>
          {metrics.map((metric) => (
            <Rows key={metric.name} trial={trial} metric={metric} exposed={exposed} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Rows({ trial, metric, exposed }: { trial: Trial; metric: Metric; exposed: boolean }) {
  const compared = trial.comparisons.filter((one) => one.metric === metric.name && one.segment === null)
  const base = trial.variants.find(({ variant }) => variant === trial.base)
  const found = compared.map((one) => (exposed ? one.exposed : one.difference))
  const range = reachOf(found)
  const scaled = found.find((one) => one.status === 'estimated')
  return (
    <Fragment>
      <tr className={styles.baseRow}>
        <th scope="rowgroup" rowSpan={compared.length + 1} className={styles.metricCell}>
          {metricName(metric)}
        </th>
        <td>
          {base ? variantName(base.variant) : t('No base')} <span className="faint">{t('base')}</span>
        </td>
        <td className={tables.number}>{each(base?.figures[metric.name]?.mean, metric, trial.currency)}</td>
        <td />
        <td>{scaled && <Axis found={scaled} metric={metric} currency={trial.currency} range={range} />}</td>
        <td />
        <td />
        <td />
      </tr>
      {compared.map((one, i) => (
        <Row key={one.variant} trial={trial} metric={metric} one={one} found={found[i]!} range={range} />
      ))}
    </Fragment>
  )
}

interface RowProps {
  trial: Trial
  metric: Metric
  one: Comparison
  found: Found
  range: [number, number]
}

function Row({ trial, metric, one, found, range }: RowProps) {
  const mean = trial.variants.find(({ variant }) => variant === one.variant)?.figures[metric.name]?.mean
  if (found.status === 'inconclusive') {
    return (
      <tr>
        <td>{variantName(one.variant)}</td>
        <td className={tables.number}>{each(mean, metric, trial.currency)}</td>
        <td colSpan={5} className={`${styles.reason} faint`}>
          {sentence(found.reason)}
        </td>
      </tr>
    )
  }
  const said = change(found.value, metric, trial.currency)
  return (
    <tr>
      <td>{variantName(one.variant)}</td>
      <td className={tables.number}>{each(mean, metric, trial.currency)}</td>
      <td className={`${tables.number} ${leaningClass(found, metric, isSure(one, trial))}`}>
        {said}
        <div className={styles.under}>{between(found, metric, trial.currency)}</div>
      </td>
      <td>
        <EffectBar found={found} worse={isWorse(metric)} unsure={!isSure(one, trial)} range={range} label={`${said}, ${between(found, metric, trial.currency)}`} />
      </td>
      <td className={tables.number}>
        {one.ratio.status === 'estimated' && (
          <>
            {more(one.ratio.value)}
            <div className={styles.under}>{moreBetween(one.ratio)}</div>
          </>
        )}
      </td>
      <td className={tables.number}>
        {/* What each order brings, times people, is nothing anybody has. */}
        {one.in_all.status === 'estimated' && metric.per.length === 0 && (
          <>
            {inAll(one.in_all, metric, trial.currency)}
            <div className={styles.under}>{inAllBetween(one.in_all, metric, trial.currency)}</div>
          </>
        )}
      </td>
      <td>
        <Sureness one={one} metric={metric} trial={trial} />
        {one.adjusted && <div className={styles.under}>{t('{{share}} less noise', { share: percent(one.variance_cut, 0) })}</div>}
      </td>
    </tr>
  )
}

/** Its colour says what the words beside it say: what may be chance is neither good nor bad. */
const leaningClass = (found: Found, metric: Metric, sure: boolean): string | undefined => {
  if (!sure || found.status === 'inconclusive' || (found.low <= 0 && found.high >= 0)) return tables.neutral
  return found.low > 0 !== isWorse(metric) ? tables.good : tables.bad
}

/** Whether chance explains it, considering how many were looked at; of a Bayesian reading, what to believe. */
export function Sureness({ one, metric, trial }: { one: Comparison; metric: Metric; trial: Trial }) {
  if (one.better !== null) {
    return (
      <span title={one.loss === null ? undefined : t('If it is chosen, {{loss}} a person are lost on average', { loss: each(one.loss, metric, trial.currency) })}>
        {t('Better: {{share}}', { share: percent(one.better) })}
      </span>
    )
  }
  if (!one.is_sure) return <Chip>{t('May be chance')}</Chip>
  const up = one.difference.status === 'estimated' && one.difference.value > 0
  return <Chip tone={up !== isWorse(metric) ? 'good' : 'bad'}>{up ? t('More, beyond chance') : t('Less, beyond chance')}</Chip>
}
