import { ActionIcon, Tabs, Tooltip } from '@mantine/core'
import { X } from 'lucide-react'
import type { Run } from '~/api/types'
import { channelName, goalWords } from '~/words/happenings'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { asFields, comesInRuns, type Graph, stepDefinition } from './graph'
import styles from './Inspector.module.css'
import { StepTile, stepKind } from './looks'
import { MessageTab } from './MessageTab'
import { NobodyYet } from './NobodyYet'
import { OccasionsTab } from './OccasionsTab'
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
  /** Which tab is open; "runs" only where people come in runs. */
  tab: string
  open: (tab: string) => void
}

/** The right pane: the whole journey until a step is chosen, then that step. */
export function Inspector({ run, graph, selected, clear, tab, open }: Props) {
  const step = graph.steps.find(({ id }) => id === selected)
  const inRuns = !step && comesInRuns(run)
  const sends = step?.type === 'send'
  const shown = (tab === 'runs' && !inRuns) || (tab === 'message' && !sends) ? 'results' : tab
  return (
    <aside className={styles.inspector} aria-label={t('Inspector')} tabIndex={0}>
      <div className={styles.head}>
        {step && <StepTile step={step} size={30} />}
        <div className={styles.about}>
          <h2>{step ? step.title || step.id : run.name}</h2>
          <p className="quiet">{step ? kindOf(run, graph, step.id) : about(run)}</p>
        </div>
        {step && (
          <Tooltip label={run.kind === 'journey' ? t('Back to the whole journey') : t('Back to the whole campaign')}>
            <ActionIcon aria-label={run.kind === 'journey' ? t('Back to the whole journey') : t('Back to the whole campaign')} onClick={clear}>
              <X size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Tabs value={shown} onChange={(next) => next && open(next)}>
        <Tabs.List>
          <Tabs.Tab value="results">{t('Results')}</Tabs.Tab>
          {inRuns && <Tabs.Tab value="runs">{t('Runs')}</Tabs.Tab>}
          {sends && <Tabs.Tab value="message">{t('Message')}</Tabs.Tab>}
          <Tabs.Tab value="settings">{t('Settings')}</Tabs.Tab>
          <Tabs.Tab value="people">{t('People')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="results">
          {step ? (
            <StepNumbers step={step} />
          ) : (
            <>
              {run.entered > 0 && run.result ? <ResultPanel result={run.result} /> : <NobodyYet run={run} />}
              <SendsPanel sends={run.sends} />
            </>
          )}
        </Tabs.Panel>
        {inRuns && (
          <Tabs.Panel value="runs">
            <OccasionsTab run={run} />
          </Tabs.Panel>
        )}
        {step && sends && (
          <Tabs.Panel value="message">
            <MessageTab key={`${step.id} ${run.version}`} run={run} step={step} />
          </Tabs.Panel>
        )}
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
  return typeof channel === 'string' ? t('{{channel}} step', { channel: channelName(channel) }) : stepKind(step.type)
}

function about(run: Run): string {
  const goal = asFields(run.definition['goal'])
  const holdout = run.definition['holdout']
  const words = [
    typeof goal['event'] === 'string' ? t('Goal: {{goal}}', { goal: goalWords({ event: goal['event'], within_seconds: Number(goal['within_seconds']) }) }) : '',
    typeof holdout === 'number' ? (holdout > 0 ? t('holdout {{share}}', { share: percent(holdout, 0) }) : t('no holdout')) : '',
  ]
  return words.filter(Boolean).join(' · ')
}
