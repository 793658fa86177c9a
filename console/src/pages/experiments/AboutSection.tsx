import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { JsonText } from '~/parts/JsonText'
import { Section } from '~/parts/Page'
import type { Json } from '~/api/types'
import { t } from '~/words/language'
import { duration, full } from '~/words/moments'
import { count, NONE, percent } from '~/words/numbers'
import { metricInTime, variantName } from './amounts'
import styles from './Experiments.module.css'
import { type Experiment, experimentVersions, type Listed, type Trial } from './trials'
import { deciding } from './verdict'

interface Props {
  id: string
  trial: Trial
  listed: Listed | undefined
  document: Experiment | undefined
}

/** What it is, since when, and by what it was reckoned: enough to read it again in years. */
export function AboutSection({ id, trial, listed, document }: Props) {
  const metric = deciding(trial)
  const hypothesis = document?.definition['hypothesis']
  return (
    <Section title={t('What it is')}>
      <dl className={styles.facts}>
        <Fact name={t('Id')}>
          <code>{id}</code>
        </Fact>
        {typeof hypothesis === 'string' && hypothesis !== '' && <Fact name={t('What is expected')}>{hypothesis}</Fact>}
        {listed && <Fact name={t('Belongs to')}>{<Origin listed={listed} />}</Fact>}
        <Fact name={t('Designed shares')}>
          {listed
            ? Object.entries(listed.shares)
                .map(([name, share]) => `${variantName(name)} ${percent(share, 0)}`)
                .join(', ')
            : NONE}
        </Fact>
        <Fact name={t('Decided by')}>{metric ? metricInTime(metric) : NONE}</Fact>
        <Fact name={t('First and last assigned')}>
          {trial.first_assigned && trial.last_assigned ? `${full(trial.first_assigned)} – ${full(trial.last_assigned)}` : t('Nobody yet')}
        </Fact>
        <Fact name={t('Planned people')}>{trial.planned_people === null ? t('None: intervals hold at every moment, and are wider for it') : count(trial.planned_people)}</Fact>
        <Fact name={t('Looked at before')}>{duration(trial.question.before_seconds)}</Fact>
        <Fact name={t('Read as of')}>{full(trial.as_of)}</Fact>
        <Fact name={t('Reckoned by')}>{t('Holdfast {{version}}', { version: trial.code_version })}</Fact>
      </dl>
      {document && <Versions id={id} />}
      {document && (
        <details className={styles.more}>
          <summary>{t('Definition, version {{version}}', { version: document.heading.version })}</summary>
          <JsonText label={t('Definition')} value={document.definition as Json} />
        </details>
      )}
    </Section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Origin({ listed }: { listed: Listed }) {
  if (listed.kind === 'experiment') return <>{t('Itself')}</>
  if (listed.kind === 'template')
    return (
      <Link to="/content/$id" params={{ id: listed.origin }} search={{}} className="link">
        {t('Template {{name}}', { name: listed.name })}
      </Link>
    )
  return (
    <Link to={listed.kind === 'campaign' ? '/campaigns/$id' : '/journeys/$id'} params={{ id: listed.origin }} className="link">
      {listed.kind === 'campaign' ? t('Campaign {{name}}', { name: listed.name }) : t('Journey {{name}}', { name: listed.name })}
    </Link>
  )
}

function Versions({ id }: { id: string }) {
  const { data } = useQuery(experimentVersions(id))
  if (!data || data.length === 0) return null
  return (
    <details className={styles.more}>
      <summary>{t('Versions: {{versions}}', { versions: data.length })}</summary>
      <ol className={styles.versions}>
        {data.map((each) => (
          <li key={each.version}>
            <strong>v{each.version}</strong> {each.state}, {Object.entries(each.variants).map(([name, share]) => `${name} ${percent(share, 0)}`).join(', ')}
            <span className="faint">
              {' '}
              {full(each.saved_at)}
              {each.by ? `, ${each.by}` : ''}
            </span>
          </li>
        ))}
      </ol>
    </details>
  )
}
