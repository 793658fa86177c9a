import { ActionIcon, Autocomplete, Button, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { eventNames } from '~/api/queries'
import { t } from '~/words/language'
import { aGoal, aMetric, decidingOf, type Draft, type DraftGoal, type DraftMetric } from './draft'
import styles from './Experiments.module.css'

const GOALS_MOST = 20
const METRICS_MOST = 20

interface Props {
  draft: Draft
  change: (next: Partial<Draft>) => void
  error: string | undefined
}

const useEventNames = (): string[] => [...new Set(useQuery(eventNames).data?.map(({ name }) => name) ?? [])]

/** What it is for, in what time, and what each is worth. */
export function Goals({ draft, change, currency, error }: Props & { currency: string }) {
  const names = useEventNames()
  const set = (at: number, next: Partial<DraftGoal>) => change({ goals: draft.goals.map((each, i) => (i === at ? { ...each, ...next } : each)) })
  return (
    <fieldset className={styles.group}>
      <legend>{t('Goals')}</legend>
      <p className={styles.note}>{t('The first is what it is for, and its time the near term. The same event once more, with a longer time, is the long term.')}</p>
      {draft.goals.map((goal, i) => (
        <div key={i} className={styles.measured} role="group" aria-label={t('Goal {{number}}', { number: i + 1 })}>
          <div className={styles.goal}>
            <Autocomplete label={t('Event')} data={names} limit={30} value={goal.event} onChange={(event) => set(i, { event })} />
            <NumberInput label={t('Within, days')} min={0.01} value={goal.days} onChange={(days) => set(i, { days })} />
            <Select
              label={t('What one is worth')}
              allowDeselect={false}
              data={[
                { value: 'nothing', label: t('Not said') },
                { value: 'amount', label: t('An amount') },
                { value: 'property', label: t('What a property says') },
              ]}
              value={goal.worth}
              onChange={(worth) => set(i, { worth: (worth ?? 'nothing') as DraftGoal['worth'] })}
            />
            <ActionIcon aria-label={t('Remove goal {{number}}', { number: i + 1 })} disabled={draft.goals.length <= 1} onClick={() => change({ goals: draft.goals.filter((_, at) => at !== i) })}>
              <Trash2 size={14} aria-hidden="true" />
            </ActionIcon>
          </div>
          {goal.worth !== 'nothing' && (
            <div className={styles.pair}>
              {goal.worth === 'property' && <TextInput label={t('Property')} placeholder="revenue" value={goal.property} onChange={(event) => set(i, { property: event.currentTarget.value })} />}
              <NumberInput
                label={goal.worth === 'property' ? t('Worth without it, {{currency}}', { currency }) : t('Worth, {{currency}}', { currency })}
                placeholder={goal.worth === 'property' ? t('Nothing') : ''}
                min={0}
                value={goal.amount}
                onChange={(amount) => set(i, { amount })}
              />
            </div>
          )}
        </div>
      ))}
      <div className={styles.tools}>
        <Button leftSection={<Plus size={14} aria-hidden="true" />} disabled={draft.goals.length >= GOALS_MOST} onClick={() => change({ goals: [...draft.goals, aGoal()] })}>
          {t('Add a goal')}
        </Button>
      </div>
      <Wrong error={error} />
    </fieldset>
  )
}

/** What else it is read by. */
export function Metrics({ draft, change, error }: Props) {
  const names = useEventNames()
  const set = (at: number, next: Partial<DraftMetric>) => change({ metrics: draft.metrics.map((each, i) => (i === at ? { ...each, ...next } : each)) })
  return (
    <fieldset className={styles.group}>
      <legend>{t('Metrics of its own')}</legend>
      <p className={styles.note}>{t('Orders, revenue, revenue per order and staying are always told. What else matters stands here.')}</p>
      {draft.metrics.map((metric, i) => (
        <div key={i} className={styles.measured} role="group" aria-label={t('Metric {{number}}', { number: i + 1 })}>
          <div className={styles.goal}>
            <TextInput label={t('Name')} placeholder="searches-per-visit" value={metric.name} onChange={(event) => set(i, { name: event.currentTarget.value })} />
            <Autocomplete label={t('Event')} data={names} limit={30} value={metric.event} onChange={(event) => set(i, { event })} />
            <Select
              label={t('What of it')}
              allowDeselect={false}
              data={[
                { value: 'did', label: t('Whether it was done') },
                { value: 'times', label: t('How often') },
                { value: 'revenue', label: t('What it brought') },
                { value: 'sum', label: t('The sum of a property') },
              ]}
              value={metric.measure}
              onChange={(measure) => set(i, { measure: measure ?? 'did' })}
            />
            <ActionIcon aria-label={t('Remove metric {{number}}', { number: i + 1 })} onClick={() => change({ metrics: draft.metrics.filter((_, at) => at !== i) })}>
              <Trash2 size={14} aria-hidden="true" />
            </ActionIcon>
          </div>
          <div className={styles.triple}>
            {metric.measure === 'sum' && <TextInput label={t('Property')} value={metric.property} onChange={(event) => set(i, { property: event.currentTarget.value })} />}
            {metric.measure !== 'did' && <Autocomplete label={t('Divided by how often')} placeholder={t('Per person')} data={names} limit={30} value={metric.per} onChange={(per) => set(i, { per })} />}
            <NumberInput label={t('Within, days')} placeholder={t('Near term')} min={0.01} value={metric.days} onChange={(days) => set(i, { days })} />
            <Select
              label={t('Guardrail')}
              allowDeselect={false}
              data={[
                { value: '', label: t('No') },
                { value: 'more', label: t('More is worse') },
                { value: 'less', label: t('Less is worse') },
              ]}
              value={metric.worse}
              onChange={(worse) => set(i, { worse: worse ?? '' })}
            />
          </div>
        </div>
      ))}
      <div className={styles.tools}>
        <Button leftSection={<Plus size={14} aria-hidden="true" />} disabled={draft.metrics.length >= METRICS_MOST} onClick={() => change({ metrics: [...draft.metrics, aMetric()] })}>
          {t('Add a metric')}
        </Button>
      </div>
      <Wrong error={error} />
    </fieldset>
  )
}

/** Which of all that is measured decides, and what must not become more. */
export function Deciding({ draft, change, error }: Props) {
  const names = useEventNames()
  const { events, metrics, worth } = decidingOf(draft)
  const data = [
    { value: '', label: t('How many reach the goal') },
    ...events.map((event) => ({ value: event, label: t('Reached “{{event}}”', { event }) })),
    ...metrics.filter((name) => !events.includes(name)).map((name) => ({ value: name, label: name })),
    ...(worth ? [{ value: 'worth', label: t('Worth of all goals per person') }] : []),
    { value: 'orders', label: t('Orders per person') },
    { value: 'revenue', label: t('Revenue per person') },
    { value: 'revenue_capped', label: t('Revenue per person, extremes capped') },
    { value: 'revenue_per_order', label: t('Revenue per order') },
  ].filter((each, at, all) => all.findIndex(({ value }) => value === each.value) === at)
  // What decided may have been taken out of the form; then it stands there until another is chosen.
  const known = data.some(({ value }) => value === draft.primary)
  return (
    <fieldset className={styles.group}>
      <legend>{t('What decides it')}</legend>
      <Select
        label={t('Which figure decides')}
        allowDeselect={false}
        data={known ? data : [...data, { value: draft.primary, label: draft.primary }]}
        value={draft.primary}
        onChange={(primary) => change({ primary: primary ?? '' })}
        error={error}
      />
      <TagsInput label={t('Guardrails')} description={t('Events that must not become more')} data={names} value={draft.guardrails} onChange={(guardrails) => change({ guardrails })} />
    </fieldset>
  )
}

function Wrong({ error }: { error: string | undefined }) {
  if (!error) return null
  return (
    <p className={styles.problem} role="alert">
      {error}
    </p>
  )
}
