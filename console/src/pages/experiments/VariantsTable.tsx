import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, NONE, percent } from '~/words/numbers'
import { metricInTime, variantName } from './amounts'
import type { Metric, Trial } from './trials'
import { peopleIn } from './verdict'

/** How many people each variant has, beside how many it was to have. */
export function VariantsTable({ trial, metric }: { trial: Trial; metric: Metric | undefined }) {
  const all = peopleIn(trial)
  return (
    <div className={tables.block} tabIndex={0} role="region" aria-label={t('Variants')}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">{t('Variant')}</th>
            <th scope="col" className={tables.number}>
              {t('People')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Share')}
            </th>
            <th scope="col" className={tables.number}>
              {t('As designed')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Got something')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Counted')}
            </th>
            <th scope="col" className={tables.number}>
              {t('Still have time')}
            </th>
          </tr>
        </thead>
        <tbody>
          {trial.variants.map((variant) => {
            const figure = metric && variant.figures[metric.name]
            return (
              <tr key={variant.variant}>
                <td className={tables.name}>
                  {variantName(variant.variant)} {variant.variant === trial.base && <span className="faint">{t('base')}</span>}
                </td>
                <td className={tables.number}>{count(variant.people)}</td>
                <td className={tables.number}>{all > 0 ? percent(variant.people / all) : NONE}</td>
                <td className={tables.number}>{percent(variant.designed_share)}</td>
                <td className={tables.number}>{count(variant.exposed)}</td>
                <td className={tables.number} title={metric && metricInTime(metric)}>
                  {count(figure?.people)}
                </td>
                <td className={tables.number}>{count(figure?.open_people)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
