import { Button, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Calculator, Plus } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { TopBar } from '~/frame/TopBar'
import { PausedStrip } from '~/parts/Live'
import { Answered } from '~/parts/States'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import panes from '../data/DataPage.module.css'
import { ExperimentDialog } from './ExperimentDialog'
import { HoldoutsTab } from './HoldoutsTab'
import { PathsTab } from './PathsTab'
import { PlannerDialog } from './PlannerDialog'
import { TrialsTab } from './TrialsTab'
import { pathSteps, trials } from './trials'

const here = getRouteApi('/experiments')

/** Whether it worked: experiments, paths that learn, and what holdouts say. */
export function ExperimentsPage() {
  const tab = tabOf(here.useSearch().tab, ['trials', 'paths', 'holdouts'])
  const navigate = here.useNavigate()
  const query = useQuery(trials)
  const steps = useQuery(pathSteps)
  const may = useMay()
  const [dialog, setDialog] = useState<'plan' | 'new' | null>(null)
  const tried = (query.data ?? []).filter(({ kind }) => kind !== 'journey' && kind !== 'campaign')
  const held = (query.data ?? []).filter(({ kind }) => kind === 'journey' || kind === 'campaign')
  const tabs = [
    { value: 'trials', label: t('Experiments'), number: tried.length },
    { value: 'paths', label: t('Adaptive paths'), number: steps.data?.length ?? 0 },
    { value: 'holdouts', label: t('Holdouts'), number: held.length },
  ]
  return (
    <>
      <TopBar title={t('Experiments')}>
        <Button leftSection={<Calculator size={14} aria-hidden="true" />} onClick={() => setDialog('plan')}>
          {t('Plan')}
        </Button>
        {may('decisions:write') && (
          <Button variant="filled" leftSection={<Plus size={14} aria-hidden="true" />} onClick={() => setDialog('new')}>
            {t('New experiment')}
          </Button>
        )}
      </TopBar>
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== 'trials' ? { tab: next } : {} })} className={panes.tabs}>
        <Tabs.List className={panes.list}>
          {tabs.map(({ value, label, number }) => (
            <Tabs.Tab key={value} value={value}>
              {label} {number > 0 && <span className="faint">{count(number)}</span>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="trials" className={panes.panel} tabIndex={0}>
          <Answered query={query} what={t('The experiments did not load')}>
            {() => <TrialsTab trials={tried} make={may('decisions:write') ? () => setDialog('new') : undefined} plan={() => setDialog('plan')} />}
          </Answered>
        </Tabs.Panel>
        <Tabs.Panel value="paths" className={panes.panel} tabIndex={0}>
          <Answered query={steps} what={t('The adaptive paths did not load')}>
            {(found) => <PathsTab steps={found} />}
          </Answered>
        </Tabs.Panel>
        <Tabs.Panel value="holdouts" className={panes.panel} tabIndex={0}>
          <Answered query={query} what={t('The holdouts did not load')}>
            {() => <HoldoutsTab trials={held} />}
          </Answered>
        </Tabs.Panel>
      </Tabs>
      {dialog === 'plan' && <PlannerDialog close={() => setDialog(null)} />}
      {dialog === 'new' && <ExperimentDialog close={() => setDialog(null)} />}
    </>
  )
}
