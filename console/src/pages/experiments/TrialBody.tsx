import { Section } from '~/parts/Page'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { AboutSection } from './AboutSection'
import { Checks } from './Checks'
import { CourseCards } from './CourseCards'
import { MetricsTable } from './MetricsTable'
import type { TrialSearch } from './search'
import { SegmentsSection } from './SegmentsSection'
import { inTerm, termOf } from './terms'
import type { Experiment, How, Listed, Trial } from './trials'
import { VariantsTable } from './VariantsTable'
import { VerdictCard } from './VerdictCard'
import { peopleIn } from './verdict'

const NONE_CHOSEN: string[] = []

interface Props {
  id: string
  trial: Trial
  listed: Listed | undefined
  document: Experiment | undefined
  how: How
  search: TrialSearch
  change: (next: TrialSearch) => void
}

/** The reading of a trial, what matters first. */
export function TrialBody({ id, trial, listed, document, how, search, change }: Props) {
  const term = termOf(trial, search.term)
  const metrics = trial.question.metrics.filter((metric) => inTerm(metric, term))
  const guardrails = trial.question.metrics.filter(({ is_guardrail }) => is_guardrail)
  const exposed = search.of !== undefined
  return (
    <>
      <VerdictCard trial={trial} />
      <Checks trial={trial} />
      {peopleIn(trial) > 0 && (
        <>
          <Section title={t('What changed')} note={howWords(trial, exposed)}>
            <MetricsTable trial={trial} metrics={metrics} exposed={exposed} label={t('Metrics')} />
          </Section>
          {guardrails.length > 0 && (
            <Section title={t('Guardrails')} note={t('What must not move the wrong way')}>
              <MetricsTable trial={trial} metrics={guardrails} exposed={exposed} label={t('Guardrails')} />
            </Section>
          )}
          <CourseCards id={id} trial={trial} metrics={[...metrics, ...guardrails]} how={how} chosen={search.metric} choose={(metric) => change({ metric })} />
          <SegmentsSection trial={trial} metrics={metrics} trait={search.trait} chosen={search.segments ?? NONE_CHOSEN} choose={change} exposed={exposed} />
          <Section title={t('Who takes part')}>
            <VariantsTable trial={trial} metric={metrics[0]} />
          </Section>
        </>
      )}
      <AboutSection id={id} trial={trial} listed={listed} document={document} />
    </>
  )
}

function howWords(trial: Trial, exposed: boolean): string {
  const confidence = percent(trial.confidence, 0)
  const said =
    trial.reading === 'sequential'
      ? t('{{confidence}} intervals that hold however often you look', { confidence })
      : trial.reading === 'fixed'
        ? t('{{confidence}} intervals for one look at the end: to look again and again finds what is not there', { confidence })
        : t('Where it lies with a probability of {{confidence}}, believing beforehand that most changes change little', { confidence })
  return exposed ? t('{{how}}; per person who really got something', { how: said }) : said
}
