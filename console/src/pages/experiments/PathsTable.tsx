import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, NONE, percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import { roleOf } from './pictures'
import type { Path, Paths } from './trials'
import { worth } from './worth'

type Span = Path['believed']

/** Each path: how many people, what they bring with its interval, and how likely it is the best. */
export function PathsTable({ step }: { step: Paths }) {
  const ends = step.paths.flatMap(({ believed, unbiased }) => [believed.low, believed.high, unbiased.low, unbiased.high]).filter((end) => end !== null)
  const low = Math.min(0, ...ends)
  const high = Math.max(...ends, low + 1e-9)
  return (
    <div className={tables.block} tabIndex={0} role="region" aria-label={t('Paths')}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">{t('Path')}</th>
            <th scope="col" className={tables.number}>
              {t('Share')}
            </th>
            <th scope="col" className={tables.number}>
              {t('People')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Known by now')}
            </th>
            <th scope="col">{t('As believed')}</th>
            <th scope="col">{t('Unbiased')}</th>
            <th scope="col" className={tables.number}>
              {t('Chance to be best')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Lost if chosen')}
            </th>
          </tr>
        </thead>
        <tbody>
          {step.paths.map((path, i) => (
            <tr key={path.path}>
              <td className={tables.name}>
                <span className={styles.mark} style={{ background: `var(--${roleOf(i)})` }} />
                {path.path}
              </td>
              <td className={tables.number}>
                {percent(path.share)}
                <div className={styles.under}>{t('{{share}} with the slice', { share: percent(path.propensity) })}</div>
              </td>
              <td className={tables.number}>{count(path.people)}</td>
              <td className={tables.number} title={t('The young count for the part of what they will bring that is to be expected by now.')}>
                {count(path.seen)}
              </td>
              <td>
                <Spanned span={path.believed} step={step} low={low} high={high} />
              </td>
              <td>
                <Spanned span={path.unbiased} step={step} low={low} high={high} />
              </td>
              <td className={tables.number}>{percent(path.best)}</td>
              <td className={tables.number}>{worth(path.loss, step)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const WIDTH = 96

function Spanned({ span, step, low, high }: { span: Span; step: Paths; low: number; high: number }) {
  if (span.mean === null || span.low === null || span.high === null) return <span className="faint">{NONE}</span>
  const x = (value: number) => 4 + ((value - low) / (high - low)) * (WIDTH - 8)
  const said = t('{{mean}}, between {{low}} and {{high}}', { mean: worth(span.mean, step), low: worth(span.low, step), high: worth(span.high, step) })
  return (
    <div className={styles.span}>
      <svg width={WIDTH} height="16" role="img" aria-label={said}>
        <rect className={styles.spanBand} x={x(span.low)} width={Math.max(2, x(span.high) - x(span.low))} y="5.5" height="5" rx="2.5" />
        <circle className={styles.spanDot} cx={x(span.mean)} cy="8" r="4" />
      </svg>
      <div>
        {worth(span.mean, step)}
        <div className={styles.under}>{t('{{low}} to {{high}}', { low: worth(span.low, step), high: worth(span.high, step) })}</div>
      </div>
    </div>
  )
}
