import { Button } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { BarChart3, Table2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { ActivityDay } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { Either } from '~/parts/Either'
import { t } from '~/words/language'
import { ActivityChart } from './ActivityChart'
import styles from './ActivityCard.module.css'

const ActivityTable = lazy(() => import('./ActivityTable'))

export type Measure = 'people' | 'events'

const QUESTIONS: Record<Measure, string> = {
  people: t('How many people are active each day?'),
  events: t('How many events arrive each day?'),
}

const asText = (days: ActivityDay[]) =>
  ['day\tpeople\tevents', ...days.map((day) => `${day.start.slice(0, 10)}\t${day.people}\t${day.events}`)].join('\n')

export function ActivityCard({ days }: { days: ActivityDay[] }) {
  const [measure, setMeasure] = useState<Measure>('people')
  const [table, setTable] = useState(false)
  const { ref, width, height } = useElementSize()
  return (
    <section className={styles.card} aria-labelledby="activity">
      <header className={styles.head}>
        <h2 id="activity">{QUESTIONS[measure]}</h2>
        <Either
          label={t('What to count')}
          options={[
            { value: 'people', label: t('People') },
            { value: 'events', label: t('Events') },
          ]}
          value={measure}
          onChange={setMeasure}
        />
      </header>
      <div ref={ref} className={styles.body}>
        <Suspense>{table && <ActivityTable days={days} />}</Suspense>
        {!table && width > 0 && <ActivityChart days={days} measure={measure} width={width} height={height} />}
      </div>
      <footer className={styles.foot}>
        <span className={styles.note}>
          <svg width="10" height="10" aria-hidden="true">
            <rect width="10" height="10" rx="2" fill="url(#unfinished)" />
          </svg>
          {t('Hatched: today, not over yet. Days are UTC.')}
        </span>
        <Button variant="subtle" leftSection={table ? <BarChart3 size={14} /> : <Table2 size={14} />} onClick={() => setTable(!table)}>
          {table ? t('View as chart') : t('View as table')}
        </Button>
        <CopyButton text={() => asText(days)} />
      </footer>
    </section>
  )
}
