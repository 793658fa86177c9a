import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useMay } from '~/api/may'
import { overview } from '~/api/queries'
import type { Overview } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { LiveMark } from '~/parts/Live'
import { Page, Section } from '~/parts/Page'
import { RunTable } from '~/parts/RunTable'
import { Answered, Empty } from '~/parts/States'
import { TreeDrawing } from '~/parts/Drawings'
import pageStyles from '~/parts/Page.module.css'
import { t } from '~/words/language'
import { ActivityCard } from './ActivityCard'
import { Attention } from './Attention'
import { Counters } from './Counters'
import { HappeningNow } from './HappeningNow'
import { LoadingStrip } from './LoadingStrip'
import { LiftWaiting, OverviewWaiting } from './OverviewWaiting'
import styles from './OverviewPage.module.css'

// What takes longer to reckon than the rest of the page takes to show comes after it, code and numbers.
const LiftCard = lazy(() => import('./LiftCard'))
const Dropped = lazy(() => import('./Dropped'))
const GuideStrip = lazy(() => import('~/pages/guide/GuideStrip'))

export function OverviewPage() {
  const navigate = useNavigate()
  const may = useMay()
  const query = useQuery(overview)
  return (
    <>
      <TopBar title={t('Overview')} beside={<LiveMark />}>
        {may('analyses:write') && (
          <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => void navigate({ to: '/segments/$id', params: { id: 'new' } })}>
            {t('New segment')}
          </Button>
        )}
      </TopBar>
      <Page>
        <Answered query={query} what={t('The overview did not load')} waiting={<OverviewWaiting />}>
          {(data) => <Everything data={data} />}
        </Answered>
      </Page>
    </>
  )
}

function Everything({ data }: { data: Overview }) {
  return (
    <>
      {data.loading && <LoadingStrip loading={data.loading} />}
      <Suspense>{!data.loading && <GuideStrip />}</Suspense>
      <Attention data={data} />
      <Suspense>{!data.loading && <Dropped />}</Suspense>
      <Counters data={data} />
      <div className={styles.pair}>
        <ActivityCard days={data.activity} />
        <HappeningNow perMinute={data.events_per_minute} />
      </div>
      <Suspense fallback={<LiftWaiting />}>{!data.loading && <LiftCard />}</Suspense>
      <Section title={t('Running now')} note={t('Lift is treated minus holdout, in percentage points, with a 95% interval')}>
        {data.running.length > 0 ? (
          <RunTable rows={data.running} />
        ) : (
          <div className={pageStyles.card}>
            <Empty title={t('Nothing is running')} drawing={<TreeDrawing />}>
              {t('Publish a journey or a campaign, and its result appears here, measured against its holdout.')}
            </Empty>
          </div>
        )}
      </Section>
    </>
  )
}
