import { ActionIcon, Tabs, Tooltip } from '@mantine/core'
import { X } from 'lucide-react'
import type { Run } from '~/api/types'
import { goalWords } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { asFields, comesInRuns, type Graph, stepDefinition } from '../graph'
import styles from '../Inspector.module.css'
import { stepKind, StepTile } from '../looks'
import { NobodyYet } from '../NobodyYet'
import { OccasionsTab } from '../OccasionsTab'
import { PeopleTab } from '../PeopleTab'
import { ResultPanel } from '../ResultPanel'
import { SendsPanel } from '../SendsPanel'
import { SettingsTab } from '../SettingsTab'
import { StepNumbers } from '../StepNumbers'
import type { Definition } from './draft'
import { stepOf } from './draft'
import { useEditing } from './editing'
import type { Kinds } from './kinds'
import { MessageSettings } from './MessageSettings'
import type { Found } from './Problems'
import { contentFields, StepSettings } from './StepSettings'
import { VersionsTab } from './VersionsTab'
import { WholeSettings } from './WholeSettings'

interface Props {
  id: string
  /** What is published; null before the first time. */
  run: Run | null
  definition: Definition
  kinds: Kinds
  graph: Graph
  selected: string[]
  clear: () => void
  tab: string | undefined
  open: (tab: string) => void
  found: Found[]
  compared: number | null
  compare: (version: number | null) => void
  restore: ((definition: Definition) => void) | null
}

/** The right pane: the whole journey until a step is chosen, then that step. */
export function EditInspector(props: Props) {
  const { definition, graph, selected, clear } = props
  const step = selected.length === 1 ? graph.steps.find(({ id }) => id === selected[0]) : undefined
  const title = selected.length > 1 ? counted(selected.length, '{{count}} step is chosen', '{{count}} steps are chosen') : step ? step.title || step.id : String(definition['name'] || definition['id'])
  const about = selected.length > 1 ? t('Copy or delete them together.') : step ? stepKind(step.type, props.kinds.steps.get(step.type)?.label) : aboutWhole(definition)
  return (
    <aside className={styles.inspector} aria-label={t('Inspector')} tabIndex={0}>
      <div className={styles.head}>
        {step && <StepTile step={step} size={30} />}
        <div className={styles.about}>
          <h2>{title}</h2>
          <p className="quiet">{about}</p>
        </div>
        {selected.length > 0 && (
          <Tooltip label={t('Back to the whole journey')}>
            <ActionIcon aria-label={t('Back to the whole journey')} onClick={clear}>
              <X size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {selected.length <= 1 && (step ? <StepTabs key={step.id} {...props} step={step} /> : <WholeTabs {...props} />)}
    </aside>
  )
}

function StepTabs({ run, definition, kinds, tab, open, found, step }: Props & { step: Graph['steps'][number] }) {
  const editing = useEditing()
  const kind = kinds.steps.get(step.type)
  const says = kind && contentFields(kind)[0]
  const published = run?.steps.find(({ id }) => id === step.id)
  const wanted = tab ?? (editing ? 'settings' : 'results')
  const shown = ['settings', 'results', 'people', ...(says ? ['message'] : [])].includes(wanted) ? wanted : 'settings'
  return (
    <Tabs value={shown} onChange={(next) => next && open(next)}>
      <Tabs.List>
        <Tabs.Tab value="results">{t('Results')}</Tabs.Tab>
        {says && <Tabs.Tab value="message">{t('Message')}</Tabs.Tab>}
        <Tabs.Tab value="settings">{t('Settings')}</Tabs.Tab>
        <Tabs.Tab value="people">{t('People')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="results">{published ? <StepNumbers step={published} /> : <Unpublished />}</Tabs.Panel>
      {says && (
        <Tabs.Panel value="message">
          {editing ? <MessageSettings id={step.id} field={says} found={found} /> : <SettingsTab definition={asFields(stepOf(definition, step.id)[says])} whole={false} />}
        </Tabs.Panel>
      )}
      <Tabs.Panel value="settings">{editing ? <StepSettings id={step.id} found={found} /> : <SettingsTab definition={published && run ? stepDefinition(run, published) : stepOf(definition, step.id)} whole={false} />}</Tabs.Panel>
      <Tabs.Panel value="people">{published && run ? <PeopleTab run={run} step={published} /> : <Unpublished />}</Tabs.Panel>
    </Tabs>
  )
}

function WholeTabs({ id, run, definition, tab, open, found, compared, compare, restore }: Props) {
  const editing = useEditing()
  const inRuns = run !== null && comesInRuns(run)
  const tabs = ['results', ...(inRuns ? ['runs'] : []), 'settings', ...(run ? ['versions', 'people'] : [])]
  const wanted = tab ?? (run ? 'results' : 'settings')
  const shown = tabs.includes(wanted) ? wanted : 'results'
  return (
    <Tabs value={shown} onChange={(next) => next && open(next)}>
      <Tabs.List>
        <Tabs.Tab value="results">{t('Results')}</Tabs.Tab>
        {inRuns && <Tabs.Tab value="runs">{t('Runs')}</Tabs.Tab>}
        <Tabs.Tab value="settings">{t('Settings')}</Tabs.Tab>
        {run && <Tabs.Tab value="versions">{t('Versions')}</Tabs.Tab>}
        {run && <Tabs.Tab value="people">{t('People')}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="results">
        {run ? (
          <>
            {run.entered > 0 && run.result ? <ResultPanel result={run.result} /> : <NobodyYet run={run} />}
            <SendsPanel sends={run.sends} />
          </>
        ) : (
          <Unpublished />
        )}
      </Tabs.Panel>
      {inRuns && (
        <Tabs.Panel value="runs">
          <OccasionsTab run={run} />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="settings">{editing ? <WholeSettings found={found} /> : <SettingsTab definition={definition} whole />}</Tabs.Panel>
      {run && (
        <>
          <Tabs.Panel value="versions">
            <VersionsTab id={id} compared={compared} compare={compare} restore={restore} />
          </Tabs.Panel>
          <Tabs.Panel value="people">
            <PeopleTab run={run} step={null} />
          </Tabs.Panel>
        </>
      )}
    </Tabs>
  )
}

const Unpublished = () => (
  <section className={styles.section}>
    <p className="quiet">{t('Numbers show here once it is published and people come through.')}</p>
  </section>
)

function aboutWhole(definition: Definition): string {
  const goal = asFields(definition['goal'])
  const holdout = definition['holdout']
  const words = [
    typeof goal['event'] === 'string' && goal['event'] ? t('Goal: {{goal}}', { goal: goalWords({ event: goal['event'], within_seconds: Number(goal['within_seconds']) }) }) : '',
    typeof holdout === 'number' ? (holdout > 0 ? t('holdout {{share}}', { share: percent(holdout, 0) }) : t('no holdout')) : '',
  ]
  return words.filter(Boolean).join(' · ')
}
