import { Link } from '@tanstack/react-router'
import { useMay } from '~/api/may'
import { Chip } from '~/parts/Chip'
import { ForkDrawing } from '~/parts/Drawings'
import pageStyles from '~/parts/Page.module.css'
import { Empty } from '~/parts/States'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { between, change, more, moreBetween } from './amounts'
import { Axis } from './Axis'
import { EffectBar } from './EffectBar'
import styles from './Experiments.module.css'
import type { Holdout, Metric } from './trials'
import { metricOf, sentence } from './verdict'

const DECIDES = 'revenue'

/** What is read of the global holdout first; none where nothing was read yet. */
export function metricIn(data: Holdout): Metric | undefined {
  const trial = data.periods.at(-1)?.trial
  return trial && (metricOf(trial, DECIDES) ?? metricOf(trial, trial.primary))
}

/** What marketing as a whole brings, in plain words and with its interval; or why nothing can be said. */
export function Lift({ data }: { data: Holdout }) {
  const metric = metricIn(data)
  if (!metric || !data.periods.some(({ in_force }) => in_force)) return <NobodyLeftAlone share={data.share} />
  const told = data.pooled.find((each) => each.metric === metric.name)
  if (!told || told.difference.status === 'inconclusive') {
    return (
      <div className={styles.verdict} data-tone="plain">
        <div className={styles.verdictWords}>
          <Chip tone="plain" dot>
            {t('Too early to say')}
          </Chip>
          <p>{told?.difference.status === 'inconclusive' ? sentence(told.difference.reason) : t('Nothing can be said yet.')}</p>
        </div>
      </div>
    )
  }
  const { difference, ratio } = told
  const sure = difference.low > 0 || difference.high < 0
  const said = change(difference.value, metric, data.currency)
  return (
    <div className={styles.verdict} data-tone={sure ? (difference.low > 0 ? 'good' : 'bad') : 'plain'}>
      <div className={styles.verdictWords}>
        <Chip tone={sure ? (difference.low > 0 ? 'good' : 'bad') : 'plain'} dot>
          {sure ? (difference.low > 0 ? t('It brings more') : t('It brings less')) : t('May be chance')}
        </Chip>
        <h2>{t('Marketing as a whole: {{difference}} a person and period', { difference: said })}</h2>
        <p>
          {counted(told.periods, 'Over {{count}} period. What is really there lies from {{between}}, at {{confidence}} confidence.', 'Over {{count}} periods. What is really there lies from {{between}}, at {{confidence}} confidence.', {
            between: between(difference, metric, data.currency),
            confidence: percent(difference.confidence, 0),
          })}
        </p>
        {ratio.status === 'estimated' && <p>{t('That is {{ratio}} of what people bring by themselves ({{between}}).', { ratio: more(ratio.value), between: moreBetween(ratio) })}</p>}
      </div>
      <div className={styles.hero}>
        <span className={styles.heroLabel}>{t('Revenue per person and period')}</span>
        <span className={styles.heroValue}>{said}</span>
        <EffectBar found={difference} worse={false} width={264} label={`${said}, ${between(difference, metric, data.currency)}`} />
        <Axis found={difference} metric={metric} currency={data.currency} width={264} />
      </div>
    </div>
  )
}

function NobodyLeftAlone({ share }: { share: number }) {
  const may = useMay()
  return (
    <div className={pageStyles.card}>
      {share > 0 ? (
        <Empty title={t('Nothing can be said yet')} drawing={<ForkDrawing />}>
          {t('{{share}} of people are left alone by all marketing. As soon as others were written to in a period, what that brought stands here.', { share: percent(share, 0) })}
        </Empty>
      ) : (
        <Empty
          title={t('No group goes without marketing yet')}
          drawing={<ForkDrawing />}
          actions={
            may('settings:write') && (
              <Link to="/settings" search={{ tab: 'workspace' }} className="link">
                {t('Choose a share in Settings')}
              </Link>
            )
          }
        >
          {t('Leave a small share of people, such as 5%, without any marketing; after each period others are drawn. What everybody else does beyond them is what your marketing brings.')}{' '}
          {!may('settings:write') && t('An owner or admin can choose the share in Settings.')}
        </Empty>
      )}
    </div>
  )
}
