import { SegmentedControl } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Run } from '~/api/types'
import { isLive } from '~/parts/Chip'
import { PausedStrip } from '~/parts/Live'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import { Canvas } from './Canvas'
import { graphOf } from './graph'
import { HeldStrip } from './HeldStrip'
import { Inspector } from './Inspector'
import { Outline } from './Outline'
import styles from './RunPage.module.css'

const here = getRouteApi('/campaigns/$id')

/** What a campaign brought, step by step: its drawing or outline, and beside it the numbers of what is chosen. */
export function RunPanes({ run }: { run: Run }) {
  const narrow = useNarrow()
  const [view, setView] = useState<'canvas' | 'outline' | null>(null)
  const [selected, setSelected] = useState<string | null>(null)
  const { tab = 'results' } = here.useSearch()
  const navigate = here.useNavigate()
  const setTab = (next: string) => void navigate({ search: (old) => ({ ...old, tab: next === 'results' ? undefined : next }), replace: true })
  const graph = useMemo(() => graphOf(run), [run])
  const shown = view ?? (narrow ? 'outline' : 'canvas')
  return (
    <div className={styles.panes}>
      <div className={styles.work}>
        <div className={styles.view}>
          <SegmentedControl
            aria-label={t('How to see the steps')}
            data={[
              { value: 'canvas', label: t('Canvas') },
              { value: 'outline', label: t('Outline') },
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
