import type { ActivityDay } from '~/api/types'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { bucketDay } from '~/words/moments'
import { count } from '~/words/numbers'
import styles from './ActivityCard.module.css'

export default function ActivityTable({ days }: { days: ActivityDay[] }) {
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={t('Activity by day')}>
      <table className={tableStyles.table} data-dense>
        <thead>
          <tr>
            <th scope="col">{t('Day')}</th>
            <th scope="col" className={tableStyles.number}>{t('People')}</th>
            <th scope="col" className={tableStyles.number}>{t('Events')}</th>
          </tr>
        </thead>
        <tbody>
          {[...days].reverse().map((day, i) => (
            <tr key={day.start}>
              <td>
                {bucketDay(day.start)}
                {i === 0 && <span className="faint"> {t('so far')}</span>}
              </td>
              <td className={tableStyles.number}>{count(day.people)}</td>
              <td className={tableStyles.number}>{count(day.events)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
