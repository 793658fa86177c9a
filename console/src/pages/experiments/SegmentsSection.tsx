import { MultiSelect, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { segments, traitNames } from '~/api/queries'
import { Section } from '~/parts/Page'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { readable } from '~/words/people'
import { between, change, isWorse, metricName, variantName } from './amounts'
import { Axis } from './Axis'
import { EffectBar, reachOf } from './EffectBar'
import styles from './Experiments.module.css'
import { Sureness } from './MetricsTable'
import type { Found, Metric, Trial } from './trials'
import { isSure, sentence } from './verdict'

const SEGMENTS_MOST = 10

interface Props {
  trial: Trial
  metrics: Metric[]
  trait: string | undefined
  /** Ids of saved segments. */
  chosen: string[]
  choose: (next: { trait: string | undefined } | { segments: string[] | undefined }) => void
  exposed: boolean
}

/** Whether it is the same for everybody; what is found is corrected for how many were looked at. */
export function SegmentsSection({ trial, metrics, trait, chosen, choose, exposed }: Props) {
  const saved = useQuery(segments).data ?? []
  const names = useQuery(traitNames).data?.map(({ name }) => name) ?? []
  const [metric] = metrics
  return (
    <Section
      title={t('By segment')}
      note={t('Among many groups some stand out by chance. Intervals and “sure” are corrected for how many are looked at, so that few of those found are false.')}
    >
      <div className={styles.tools}>
        <Select
          aria-label={t('Trait that tells segments apart')}
          placeholder={t('Choose a trait')}
          searchable
          clearable
          w={240}
          data={[...new Set(trait ? [trait, ...names] : names)].map((name) => ({ value: name, label: readable(name) }))}
          value={trait ?? null}
          onChange={(next) => choose({ trait: next ?? undefined })}
        />
        <MultiSelect
          aria-label={t('Saved segments')}
          placeholder={chosen.length === 0 ? t('Or saved segments') : ''}
          searchable
          clearable
          miw={240}
          maw={520}
          size="xs"
          maxValues={SEGMENTS_MOST}
          data={saved.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={(next) => choose({ segments: next.length > 0 ? next : undefined })}
        />
      </div>
      {(trait || chosen.length > 0) && metric && <Segments trial={trial} metric={metric} chosen={chosen} names={new Map(saved.map(({ id, name }) => [id, name]))} exposed={exposed} />}
    </Section>
  )
}

interface SegmentsProps {
  trial: Trial
  metric: Metric
  chosen: string[]
  /** What saved segments are called, by id. */
  names: Map<string, string>
  exposed: boolean
}

function Segments({ trial, metric, chosen, names, exposed }: SegmentsProps) {
  const rows = trial.segments
    .filter((one) => one.metric === metric.name)
    .map((one) => ({ one, found: exposed ? one.exposed : one.difference }))
    .toSorted((first, second) => peopleOf(trial, metric, second.one.segment) - peopleOf(trial, metric, first.one.segment))
  const range = reachOf(tighter(rows.map(({ found }) => found)))
  const scaled = rows.find(({ found }) => found.status === 'estimated')?.found
  const sure = rows.filter(({ one }) => one.is_sure).length
  if (rows.length === 0) return <p className="quiet">{chosen.length > 0 ? t('Nobody in it is in any of these segments.') : t('Nobody in it has this trait.')}</p>
  return (
    <>
      <p className={styles.note}>
        {sure === 0
          ? t('Looked at {{groups}} groups and variants: in none of them is the difference beyond chance. That is no sign that it is the same in all.', { groups: rows.length })
          : t('Looked at {{groups}} groups and variants: in {{sure}} of them the difference is beyond chance, also considering how many were looked at.', { groups: rows.length, sure })}
      </p>
      <div className={tables.block} tabIndex={0} role="region" aria-label={t('Segments')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">{t('Segment')}</th>
              <th scope="col">{t('Variant')}</th>
              <th scope="col" className={tables.number}>
                {t('People')}
              </th>
              <th scope="col" className={tables.number}>
                {metricName(metric)}
              </th>
              <th scope="col" className={styles.holds}>
                <span className={scaled ? 'unseen' : undefined}>{t('Interval')}</span>
                {scaled && <Axis found={scaled} metric={metric} currency={trial.currency} range={range} />}
              </th>
              <th scope="col">{t('Sure?')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ one, found }) => (
              <tr key={`${one.segment}/${one.variant}`}>
                <td>
                  <span className={`${styles.nameCell} cut`} title={one.segment ?? ''}>
                    {segmentName(one.segment, chosen, names)}
                  </span>
                </td>
                <td>{variantName(one.variant)}</td>
                <td className={tables.number}>{count(one.people)}</td>
                {found.status === 'estimated' ? (
                  <>
                    <td className={tables.number}>
                      {change(found.value, metric, trial.currency)}
                      <div className={styles.under}>{between(found, metric, trial.currency)}</div>
                    </td>
                    <td>
                      <EffectBar found={found} worse={isWorse(metric)} unsure={!isSure(one, trial)} range={range} label={`${change(found.value, metric, trial.currency)}, ${between(found, metric, trial.currency)}`} />
                    </td>
                    <td>
                      <Sureness one={one} metric={metric} trial={trial} />
                    </td>
                  </>
                ) : (
                  <td colSpan={3} className={`${styles.reason} faint`}>
                    {sentence(found.reason)}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

const peopleOf = (trial: Trial, metric: Metric, segment: string | null): number =>
  trial.segments.reduce((sum, one) => (one.metric === metric.name && one.segment === segment ? sum + one.people : sum), 0)

/** The groups of a few people have intervals beside which no other could be seen: theirs may leave the picture. */
function tighter(all: Found[]): Found[] {
  const told = all.filter((found) => found.status === 'estimated').toSorted((one, other) => one.high - one.low - (other.high - other.low))
  return told.slice(0, Math.max(1, Math.ceil(told.length / 2)))
}

function segmentName(segment: string | null, chosen: string[], names: Map<string, string>): string {
  if (segment === '(none)') return t('Without it')
  if (segment === '(other)') return t('All others')
  if (segment === '(unknown)') return t('Not known when they were assigned')
  // Of a saved segment, the server names it by its id: who was in it, who was not, and who was not seen before.
  for (const id of chosen) {
    const name = names.get(id) ?? id
    if (segment === id) return t('In “{{segment}}”', { segment: name })
    if (segment === `not in ${id}`) return t('Not in “{{segment}}”', { segment: name })
    if (segment === `not seen before: ${id}`) return t('Not seen before, “{{segment}}”', { segment: name })
  }
  return segment ?? ''
}
