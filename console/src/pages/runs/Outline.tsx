import type { RunStep } from '~/api/types'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import { toldGroup } from '~/words/toldGroups'
import { exitWords, type Graph } from './graph'
import { StepTile, stepKind } from './looks'
import styles from './Outline.module.css'

interface Props {
  graph: Graph
  selected: string | null
  select: (id: string | null) => void
}

/** The same graph as a list: every step with its numbers and where its exits lead. */
export function Outline({ graph, selected, select }: Props) {
  const titles = new Map(graph.steps.map((step) => [step.id, step.title || step.id]))
  return (
    <ol className={styles.outline} aria-label={t('Steps')}>
      {graph.steps.map((step) => (
        <li key={step.id}>
          <button type="button" className={styles.step} aria-pressed={step.id === selected} onClick={() => select(step.id === selected ? null : step.id)}>
            <StepTile step={step} />
            <span className={styles.words}>
              <b>{step.title || step.id}</b>
              <span className="quiet">
                {stepKind(step.type)} · {toldGroup(step.note) || step.id}
              </span>
            </span>
            <span className={styles.numbers}>
              {counted(step.entered, '{{count}} person', '{{count}} people')}
              {step.waiting > 0 && <span className="quiet">{t(', {{waiting}} waiting', { waiting: step.waiting })}</span>}
            </span>
          </button>
          <Ways step={step} graph={graph} titles={titles} />
        </li>
      ))}
    </ol>
  )
}

function Ways({ step, graph, titles }: { step: RunStep; graph: Graph; titles: Map<string, string> }) {
  const ways = graph.flows.filter(({ from }) => from === step.id)
  if (ways.length === 0) return null
  return (
    <ul className={styles.ways}>
      {ways.map((flow) => (
        <li key={flow.to}>
          {flow.exits.map(exitWords).join(', ')} → {titles.get(flow.to)} <span>{count(flow.count)}</span>
        </li>
      ))}
    </ul>
  )
}
