import { Chip } from '~/parts/Chip'
import { useNow } from '~/parts/Moment'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { between, change, inAll, inAllBetween, isWorse, metricInTime, moreBetween, variantName } from './amounts'
import { EffectBar } from './EffectBar'
import styles from './Experiments.module.css'
import { Axis } from './Axis'
import type { Comparison, Estimated, Metric, Trial } from './trials'
import { comparisonsOf, deciding, isSure, moneyOf, verdictOf } from './verdict'

/** What it says, what that means, what to do; beside it the one figure that matters, with its interval. */
export function VerdictCard({ trial }: { trial: Trial }) {
  const verdict = verdictOf(trial, useNow())
  const metric = deciding(trial)
  const shown = metric && chosen(trial, metric, verdict.winner)
  return (
    <section className={styles.verdict} data-tone={verdict.tone} aria-labelledby="verdict">
      <div className={styles.verdictWords}>
        {verdict.chip !== verdict.title && (
          <Chip tone={verdict.tone} dot>
            {verdict.chip}
          </Chip>
        )}
        <h2 id="verdict">{verdict.title}</h2>
        {verdict.means && <p>{verdict.means}</p>}
        <p>
          <strong>{t('What to do:')}</strong> {verdict.todo}
        </p>
        {verdict.still && (
          <p>
            <strong>{t('How long still:')}</strong> {verdict.still}
          </p>
        )}
      </div>
      {metric && shown && <Hero trial={trial} metric={metric} shown={shown} />}
    </section>
  )
}

type Told = Comparison & { difference: Estimated }

function chosen(trial: Trial, metric: Metric, winner: string | null): Told | undefined {
  const told = comparisonsOf(trial, metric.name).filter((each): each is Told => each.difference.status === 'estimated')
  return told.find(({ variant }) => variant === winner) ?? told.toSorted((one, other) => Math.abs(other.difference.value) - Math.abs(one.difference.value))[0]
}

function Hero({ trial, metric, shown }: { trial: Trial; metric: Metric; shown: Told }) {
  const { difference, ratio } = shown
  const said = change(difference.value, metric, trial.currency)
  const interval = t('{{confidence}} interval {{between}}', { confidence: percent(difference.confidence, 0), between: between(difference, metric, trial.currency) })
  const moneyMetric = moneyOf(trial)
  const money = moneyMetric && comparisonsOf(trial, moneyMetric.name).find(({ variant }) => variant === shown.variant)
  return (
    <div className={styles.hero}>
      <span className={styles.heroLabel}>
        {t('{{variant}} against {{base}}: {{metric}}', { variant: variantName(shown.variant), base: variantName(shown.base), metric: metricInTime(metric) })}
      </span>
      <span className={styles.heroValue}>{said}</span>
      <EffectBar found={difference} worse={isWorse(metric)} unsure={!isSure(shown, trial)} width={264} label={`${said}, ${interval}`} />
      <Axis found={difference} metric={metric} currency={trial.currency} width={264} />
      <span className={styles.heroNote}>{interval}</span>
      {ratio.status === 'estimated' && <span className={styles.heroNote}>{t('Of what the base has: {{between}}', { between: moreBetween(ratio) })}</span>}
      {money?.in_all.status === 'estimated' && moneyMetric && (
        <span className={styles.heroNote}>
          {t('In money so far: {{money}}, from {{between}}', {
            money: inAll(money.in_all, moneyMetric, trial.currency),
            between: inAllBetween(money.in_all, moneyMetric, trial.currency),
          })}
        </span>
      )}
      {shown.better !== null && <span className={styles.heroNote}>{t('Better with a probability of {{share}}', { share: percent(shown.better) })}</span>}
    </div>
  )
}
