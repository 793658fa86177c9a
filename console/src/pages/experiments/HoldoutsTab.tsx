import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Chip, StateChip } from '~/parts/Chip'
import { ForkDrawing } from '~/parts/Drawings'
import { useNow } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Empty } from '~/parts/States'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, NONE, percent } from '~/words/numbers'
import { between, change, inAll, inAllBetween } from './amounts'
import { EffectBar, reachOf } from './EffectBar'
import styles from './Experiments.module.css'
import { GlobalHoldout } from './GlobalHoldout'
import { kindWords } from './kinds'
import { type Listed, type Trial, trial } from './trials'
import { comparisonsOf, deciding, moneyOf, peopleIn, verdictOf } from './verdict'

/** What each journey and campaign brings beyond those it leaves alone. */
export function HoldoutsTab({ trials }: { trials: Listed[] }) {
  // All at once, and not as their rows are seen: their intervals stand on one scale.
  const read = useQueries({ queries: trials.map((each) => trial(each.id)) })
  const range = reachOf(read.flatMap(({ data }) => (data ? [decided(data)] : [])).filter((found) => found !== undefined))
  return (
    <div className={styles.stack}>
      <GlobalHoldout />
      {trials.length === 0 ? (
        <div className={pageStyles.card}>
          <Empty
            title={t('Nobody is held out yet')}
            drawing={<ForkDrawing />}
            actions={
              <Link to="/journeys" className="link">
                {t('To the journeys')}
              </Link>
            }
          >
            {t('Give a journey or campaign a holdout: a share of people it leaves alone, drawn by chance. What the others do beyond them is what it brings.')}
          </Empty>
        </div>
      ) : (
        <section>
          <div className={styles.heading}>
            <h2>{t('By journey and campaign')}</h2>
            <p className="quiet">{t('Treated less holdout, over everybody who entered, with intervals that hold whenever you look')}</p>
          </div>
          <div className={tables.block} tabIndex={0} role="region" aria-label={t('Holdouts by journey and campaign')}>
            <table className={tables.table}>
              <thead>
                <tr>
                  <th scope="col">{t('Name')}</th>
                  <th scope="col">{t('What it is')}</th>
                  <th scope="col">{t('State')}</th>
                  <th scope="col">{t('What it says')}</th>
                  <th scope="col" className={tables.number}>
                    {t('People')}
                  </th>
                  <th scope="col" className={tables.number}>
                    {t('Held out')}
                  </th>
                  <th scope="col" className={tables.number}>
                    {t('Difference')}
                  </th>
                  <th scope="col">{t('Interval')}</th>
                  <th scope="col" className={tables.number}>
                    {t('Revenue it brought')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {trials.map((each, i) => (
                  <Row key={each.id} listed={each} query={read[i]!} range={range} />
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  )
}

const decided = (read: Trial) => comparisonsOf(read, deciding(read)?.name ?? '')[0]?.difference

function Row({ listed, query, range }: { listed: Listed; query: UseQueryResult<Trial>; range: [number, number] }) {
  const now = useNow()
  const read = query.data
  const metric = read && deciding(read)
  const first = read && metric && comparisonsOf(read, metric.name)[0]
  const verdict = read && verdictOf(read, now)
  const moneyMetric = read && moneyOf(read)
  const money = read && moneyMetric && comparisonsOf(read, moneyMetric.name)[0]
  return (
    <tr>
      <td>
        <Link to="/experiments/$id" params={{ id: listed.id }} className={`${tables.name} ${styles.nameCell} cut`} title={listed.name}>
          {listed.name}
        </Link>
      </td>
      <td className="quiet">{kindWords(listed)}</td>
      <td>
        <StateChip state={listed.state} />
      </td>
      <td>{verdict ? <Chip tone={verdict.tone}>{verdict.chip}</Chip> : <span className="faint">{query.isError ? t('Nothing to read yet') : t('Reading…')}</span>}</td>
      <td className={tables.number}>{read ? count(peopleIn(read)) : NONE}</td>
      <td className={tables.number}>{percent(listed.shares['holdout'], 0)}</td>
      <td className={tables.number}>{read && metric && first?.difference.status === 'estimated' ? change(first.difference.value, metric, read.currency) : NONE}</td>
      <td>
        {read && metric && first?.difference.status === 'estimated' ? (
          <EffectBar found={first.difference} range={range} worse={false} label={`${change(first.difference.value, metric, read.currency)}, ${between(first.difference, metric, read.currency)}`} />
        ) : (
          read && NONE
        )}
      </td>
      <td className={tables.number}>
        {read && money?.in_all.status === 'estimated' && moneyMetric ? (
          <>
            {inAll(money.in_all, moneyMetric, read.currency)}
            <div className={styles.under}>{inAllBetween(money.in_all, moneyMetric, read.currency)}</div>
          </>
        ) : (
          NONE
        )}
      </td>
    </tr>
  )
}
