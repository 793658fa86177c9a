import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Result } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { useNow } from '~/parts/Moment'
import { Answered, Waiting } from '~/parts/States'
import { goalWords } from '~/words/happenings'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { between, change, each, isWorse, metricInTime, variantName } from '../experiments/amounts'
import { Axis } from '../experiments/Axis'
import { EffectBar } from '../experiments/EffectBar'
import experiments from '../experiments/Experiments.module.css'
import { type Metric, type Trial, trial, trials } from '../experiments/trials'
import { comparisonsOf, deciding, moneyOf, sentence, verdictOf } from '../experiments/verdict'
import styles from './Inspector.module.css'

/** What a journey or campaign brought beyond its holdout: the reading of its trial, with a way to all of it. */
export function ResultPanel({ result }: { result: Result }) {
  const listed = useQuery({ ...trials, select: (all) => all.find(({ kind, origin }) => origin === result.origin && (kind === 'journey' || kind === 'campaign')) ?? null })
  const id = listed.data?.id
  const query = useQuery({ ...trial(id ?? ''), enabled: id !== undefined, refetchInterval: 60_000 })
  if (listed.data === null || listed.isError) return <NothingHeldOut result={result} />
  return (
    <Answered query={query} what={t('The result was not read')} waiting={<Waiting rows={4} height={48} />}>
      {(read) => <Reading read={read} id={id ?? ''} />}
    </Answered>
  )
}

function Reading({ read, id }: { read: Trial; id: string }) {
  const verdict = verdictOf(read, useNow())
  const metric = deciding(read)
  const money = moneyOf(read)
  return (
    <>
      <section className={`${styles.section} ${experiments.brief}`}>
        {verdict.chip !== verdict.title && (
          <Chip tone={verdict.tone} dot>
            {verdict.chip}
          </Chip>
        )}
        <strong>{verdict.title}</strong>
        {verdict.still && <p className="quiet">{verdict.still}</p>}
        <Link to="/experiments/$id" params={{ id }} search={{}} className="link">
          {t('All of the result')}
        </Link>
      </section>
      {metric && <ByArm read={read} metric={metric} decides />}
      {money && money.name !== metric?.name && <ByArm read={read} metric={money} decides={false} />}
      <Counted read={read} metric={metric} />
    </>
  )
}

/** One metric: each arm as a bar, and the difference with its interval; never an effect alone. */
function ByArm({ read, metric, decides }: { read: Trial; metric: Metric; decides: boolean }) {
  const most = Math.max(0.0001, ...read.variants.map(({ figures }) => figures[metric.name]?.mean ?? 0))
  const effect = comparisonsOf(read, metric.name)[0]?.difference
  const said = effect?.status === 'estimated' ? change(effect.value, metric, read.currency) : ''
  return (
    <section className={styles.section}>
      <h3>{decides ? t('{{metric}}, by arm', { metric: metricInTime(metric) }) : metricInTime(metric)}</h3>
      {read.variants.map(({ variant, figures }) => {
        const mean = figures[metric.name]?.mean ?? null
        return (
          <div key={variant} className={styles.arm}>
            <span>{variantName(variant)}</span>
            <div className={styles.track} data-control={variant === read.base || undefined} aria-hidden="true">
              <div style={{ inlineSize: `${Math.max(0, (mean ?? 0) / most) * 100}%` }} />
            </div>
            <span>{each(mean, metric, read.currency)}</span>
          </div>
        )
      })}
      {effect?.status === 'estimated' && (
        <div className={styles.effect} data-leaning={effect.low > 0 ? 'good' : effect.high < 0 ? 'bad' : 'neutral'}>
          <p>
            <strong>{said}</strong> {t('against the holdout, {{confidence}} interval {{between}}', { confidence: percent(effect.confidence, 0), between: between(effect, metric, read.currency) })}
            {effect.low <= 0 && effect.high >= 0 ? `. ${t('It may be nothing.')}` : '.'}
          </p>
          <EffectBar found={effect} worse={isWorse(metric)} width={264} label={`${said}, ${between(effect, metric, read.currency)}`} />
          <Axis found={effect} metric={metric} currency={read.currency} width={264} />
        </div>
      )}
      {decides && effect?.status === 'inconclusive' && <p className={styles.effect}>{sentence(effect.reason)}</p>}
    </section>
  )
}

function Counted({ read, metric }: { read: Trial; metric: Metric | undefined }) {
  return (
    <section className={styles.section}>
      <h3>{t('What was counted')}</h3>
      <dl className={styles.facts}>
        {read.variants.map(({ variant, people, exposed, figures }) => {
          const open = metric ? (figures[metric.name]?.open_people ?? 0) : 0
          return (
            <div key={variant}>
              <dt>{variantName(variant)}</dt>
              <dd>
                {t('{{people}} people, {{exposed}} were written to', { people: count(people), exposed: count(exposed) })}
                {open > 0 && (
                  <>
                    <br />
                    <span className="quiet">{t('{{people}} still have time', { people: count(open) })}</span>
                  </>
                )}
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

/** Without a holdout there is no effect to tell, only what people did. */
function NothingHeldOut({ result }: { result: Result }) {
  return (
    <section className={styles.section}>
      <h3>{t('{{goal}}, by arm', { goal: goalWords(result.goal) })}</h3>
      {result.arms
        .filter(({ people }) => people > 0)
        .map((arm) => (
          <div key={arm.arm} className={styles.arm}>
            <span>{variantName(arm.arm)}</span>
            <div className={styles.track} aria-hidden="true">
              <div style={{ inlineSize: `${(arm.conversion_rate ?? 0) * 100}%` }} />
            </div>
            <span>{percent(arm.conversion_rate)}</span>
          </div>
        ))}
      <p className={styles.effect}>
        <strong>{t('Nobody is held out.')}</strong> {t('So what it causes cannot be told from what people do anyway. Give it a holdout, such as a tenth of people.')}
      </p>
    </section>
  )
}
