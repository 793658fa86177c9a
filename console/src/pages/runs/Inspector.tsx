import { ActionIcon, Tabs, Tooltip } from '@mantine/core'
import { X } from 'lucide-react'
import type { Run } from '~/api/types'
import { Failed } from '~/parts/States'
import { channelName, goalWords } from '~/words/happenings'
import { percent } from '~/words/numbers'
import { asFields, type Graph, stepDefinition } from './graph'
import styles from './Inspector.module.css'
import { StepTile, stepKind } from './looks'
import { PeopleTab } from './PeopleTab'
import { ResultPanel } from './ResultPanel'
import { SendsPanel } from './SendsPanel'
import { SettingsTab } from './SettingsTab'
import { StepNumbers } from './StepNumbers'

interface Props {
  run: Run
  graph: Graph
  selected: string | null
  clear: () => void
}

/** The right pane: the whole journey until a step is chosen, then that step. */
export function Inspector({ run, graph, selected, clear }: Props) {
  const step = graph.steps.find(({ id }) => id === selected)
  return (
    <aside className={styles.inspector} aria-label="Inspector" tabIndex={0}>
      <div className={styles.head}>
        {step && <StepTile type={step.type} size={30} />}
        <div className={styles.about}>
          <h2>{step ? step.title || step.id : run.name}</h2>
          <p className="quiet">{step ? kindOf(run, graph, step.id) : about(run)}</p>
        </div>
        {step && (
          <Tooltip label={`Back to the whole ${run.kind}`}>
            <ActionIcon aria-label={`Back to the whole ${run.kind}`} onClick={clear}>
              <X size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Tabs defaultValue="results">
        <Tabs.List>
          <Tabs.Tab value="results">Results</Tabs.Tab>
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
          <Tabs.Tab value="people">People</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="results">
          {step ? (
            <StepNumbers step={step} />
          ) : (
            <>
              {run.result ? <ResultPanel result={run.result} /> : <Failed what="Nothing measured yet" error={new Error('The first people have to enter.')} />}
              <SendsPanel sends={run.sends} />
            </>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsTab definition={step ? stepDefinition(run, step) : run.definition} whole={!step} />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <PeopleTab run={run} step={step ?? null} />
        </Tabs.Panel>
      </Tabs>
    </aside>
  )
}

function kindOf(run: Run, graph: Graph, id: string): string {
  const step = graph.steps.find((one) => one.id === id)!
  const channel = stepDefinition(run, step)['channel']
  return typeof channel === 'string' ? `${channelName(channel)} step` : stepKind(step.type)
}

function about(run: Run): string {
  const goal = asFields(run.definition['goal'])
  const holdout = run.definition['holdout']
  const words = [
    typeof goal['event'] === 'string' ? `Goal: ${goalWords({ event: goal['event'], within_seconds: Number(goal['within_seconds']) })}` : '',
    typeof holdout === 'number' ? `holdout ${percent(holdout, 0)}` : '',
  ]
  return words.filter(Boolean).join(' · ')
}
