import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Period, segmentHistory } from '~/api/audiences'
import type { Json } from '~/api/types'
import tableStyles from '~/parts/Table.module.css'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { bucketDay } from '~/words/moments'
import { count, percent, signed } from '~/words/numbers'
import styles from './Tabs.module.css'

const LAST: Record<Period, number> = { day: 30, week: 26, month: 12 }

/** How many were in it at the end of each day, week or month, and how many came and went. */
export function OverTimeTab({ definition }: { definition: Json | null }) {
  const [period, setPeriod] = useState<Period>('day')
  const query = useQuery({ ...segmentHistory(definition, period, LAST[period]), enabled: definition !== null })
  return (
    <div className={styles.tab}>
      <SegmentedControl
        className={styles.control}
        aria-label={t('How finely')}
        data={[
          { value: 'day', label: t('Days') },
          { value: 'week', label: t('Weeks') },
          { value: 'month', label: t('Months') },
        ]}
        value={period}
        onChange={(next) => setPeriod(next as Period)}
      />
      <Answered query={query} what={t('The past did not load')}>
        {({ points, time_zone }) => {
          const most = Math.max(1, ...points.map(({ people }) => people))
          return (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Over time')} data-stale={query.isFetching || undefined}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Day it begins, in {{zone}}', { zone: time_zone })}</th>
                    <th scope="col" className={tableStyles.number}>{t('Came')}</th>
                    <th scope="col" className={tableStyles.number}>{t('Went')}</th>
                    <th scope="col" className={tableStyles.number}>{t('People at its end')}</th>
                    <th scope="col" aria-hidden="true" />
                  </tr>
                </thead>
                <tbody>
                  {[...points].reverse().map((point, i) => (
                    <tr key={point.start}>
                      <td>
                        {bucketDay(point.start)} {i === 0 && <span className="quiet">{t('not over yet')}</span>}
                      </td>
                      <td className={tableStyles.number}>{signed(point.entered, 0)}</td>
                      <td className={tableStyles.number}>{signed(-point.left, 0)}</td>
                      <td className={tableStyles.number}>{count(point.people)}</td>
                      <td className={styles.barCell} aria-hidden="true">
                        <span className={styles.barLine} data-partial={i === 0 || undefined} style={{ inlineSize: percentOf(point.people, most) }} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }}
      </Answered>
    </div>
  )
}

const percentOf = (part: number, whole: number) => percent(part / whole, 1).replace(',', '.').replace(/\s/g, '')
