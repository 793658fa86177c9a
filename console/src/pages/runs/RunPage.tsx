import { SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { run as runQuery } from '~/api/queries'
import type { Run, RunKind } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { isLive, StateChip } from '~/parts/Chip'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { Answered, Waiting } from '~/parts/States'
import { Canvas } from './Canvas'
import { graphOf } from './graph'
import { HeldStrip } from './HeldStrip'
import { Inspector } from './Inspector'
import { Outline } from './Outline'
import { RunActions } from './RunActions'
import styles from './RunPage.module.css'

export const CampaignPage = () => <RunPage kind="campaign" />

const PARENTS = {
  journey: { to: '/journeys', label: 'Journeys' },
  campaign: { to: '/campaigns', label: 'Campaigns' },
} as const

function RunPage({ kind }: { kind: RunKind }) {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery(runQuery(kind, id))
  const data = query.data
  return (
    <>
      <TopBar
        title={data?.name ?? id}
        parent={PARENTS[kind]}
        {...(data ? { about: `${kind}:${id}` } : {})}
        beside={
          data && (
            <>
              <StateChip state={data.state} version={data.version} />
              <LiveMark word="Counting" />
            </>
          )
        }
      >
        {data && <RunActions run={data} />}
      </TopBar>
      <Answered query={query} what={`This ${kind} did not load`} waiting={<Waiting rows={8} height={60} />}>
        {(run) => <Panes key={`${kind}/${id}`} run={run} />}
      </Answered>
    </>
  )
}

function Panes({ run }: { run: Run }) {
  const narrow = useMediaQuery('(max-width: 700px)') ?? false
  const [view, setView] = useState<'canvas' | 'outline' | null>(null)
  const [selected, setSelected] = useState<string | null>(null)
  const [tab, setTab] = useState('results')
  const graph = useMemo(() => graphOf(run), [run])
  const shown = view ?? (narrow ? 'outline' : 'canvas')
  return (
    <div className={styles.panes}>
      <div className={styles.work}>
        <div className={styles.view}>
          <SegmentedControl
            aria-label="How to see the steps"
            data={[
              { value: 'canvas', label: 'Canvas' },
              { value: 'outline', label: 'Outline' },
            ]}
            value={shown}
            onChange={(value) => setView(value as 'canvas' | 'outline')}
          />
          <PausedStrip />
          <HeldStrip
            run={run}
            look={() => {
              setSelected(null)
              setTab('runs')
            }}
          />
        </div>
        {shown === 'canvas' ? (
          <Canvas graph={graph} live={isLive(run.state)} selected={selected === null ? [] : [selected]} select={setSelected} />
        ) : (
          <Outline graph={graph} selected={selected} select={setSelected} />
        )}
      </div>
      <Inspector run={run} graph={graph} selected={selected} clear={() => setSelected(null)} tab={tab} open={setTab} />
    </div>
  )
}
