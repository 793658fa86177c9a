import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Period, segmentHistory, type Side } from '~/api/audiences'
import { useMay } from '~/api/may'
import type { Json } from '~/api/types'
import tableStyles from '~/parts/Table.module.css'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { bucketDay } from '~/words/moments'
import { count, percent, signed } from '~/words/numbers'
import { CameAndWent, type Span } from './CameAndWent'
import styles from './Tabs.module.css'

const LAST: Record<Period, number> = { day: 30, week: 26, month: 12 }

interface Looked extends Span {
  side: Side
}

/** How many were in it at the end of each day, week or month, and how many came and went: each number opens to them. */
export function OverTimeTab({ definition }: { definition: Json | null }) {
  const [period, setPeriod] = useState<Period>('day')
  const [looked, setLooked] = useState<Looked | null>(null)
  const sees = useMay()('people:read')
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
                      {([['entered', signed(point.entered, 0), point.entered], ['left', signed(-point.left, 0), point.left], ['there', count(point.people), point.people]] as const).map(([side, words, many]) => (
                        <td key={side} className={tableStyles.number}>
                          {sees && many > 0 ? (
                            <button type="button" className={styles.figure} onClick={() => setLooked({ side, since: point.start, until: point.as_of })}>
                              {words}
                              <span className="unseen"> {t('{{side}}, {{day}}: who they are', { side: SIDES[side], day: bucketDay(point.start) })}</span>
                            </button>
                          ) : (
                            words
                          )}
                        </td>
                      ))}
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
      {sees && definition !== null && <OtherDays look={setLooked} />}
      {looked && definition !== null && <CameAndWent definition={definition} span={looked} first={looked.side} close={() => setLooked(null)} />}
    </div>
  )
}

const SIDES: Record<Side, string> = { entered: t('came'), left: t('went'), there: t('in it at its end') }

/** Any two days; without a second one, until now. */
function OtherDays({ look }: { look: (looked: Looked) => void }) {
  const [since, setSince] = useState('')
  const [until, setUntil] = useState('')
  const backwards = until !== '' && since >= until
  return (
    <form
      className={styles.days}
      aria-label={t('Who came and went between two days')}
      onSubmit={(event) => {
        event.preventDefault()
        if (since && !backwards) look({ side: 'entered', since, until: until || null })
      }}
    >
      <TextInput type="date" label={t('Since the beginning of')} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
      <TextInput
        type="date"
        label={t('Until the beginning of')}
        description={t('Left empty: until now')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
        error={backwards ? t('This must be after the first day.') : undefined}
      />
      <Button type="submit" disabled={!since || backwards}>
        {t('Show who came and went')}
      </Button>
    </form>
  )
}

const percentOf = (part: number, whole: number) => percent(part / whole, 1).replace(',', '.').replace(/\s/g, '')
