import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ListFilterPlus, Plus, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { eventNames, eventProperties } from '~/api/queries'
import { ComparisonFields } from '~/pages/segments/ComparisonFields'
import { t } from '~/words/language'
import { asShort } from '../answer'
import type { Act, Comparison } from '../question'
import { ChoiceField } from './ChoiceField'
import styles from './Fields.module.css'

interface Props {
  label: string
  act: Act
  set: (act: Act) => void
  /** What else can be done with it. */
  tools?: ReactNode
}

/** What people do: an event or any of several, and what must hold of its properties. */
export function ActField({ label, act, set, tools }: Props) {
  const events = act.events.length > 0 ? act.events : ['']
  const where = act.where ?? []
  const rename = (at: number, name: string) => set({ ...act, events: events.map((old, i) => (i === at ? name : old)).filter(Boolean) })
  const setWhere = (next: Comparison[]) => set(next.length > 0 ? { ...act, where: next } : { events: act.events })
  return (
    <div className={styles.act}>
      {events.map((name, i) => (
        <div key={`${i} ${name}`} className={styles.line}>
          <EventField label={i === 0 ? label : t('{{label}}, or', { label })} value={name} set={(next) => rename(i, next)} />
          {events.length > 1 && (
            <Tooltip label={t('Remove event')}>
              <ActionIcon aria-label={t('Remove event')} onClick={() => rename(i, '')}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      ))}
      {where.map((comparison, i) => (
        <Where
          key={i}
          event={events[0] ?? ''}
          comparison={comparison}
          set={(next) => setWhere(where.flatMap((old, j) => (j === i ? (next ? [next] : []) : [old])))}
        />
      ))}
      {(act.events.length > 0 || tools) && (
        <div className={styles.small}>
          {act.events.length > 0 && (
            <>
              <Button variant="subtle" px={4} leftSection={<ListFilterPlus size={14} />} onClick={() => setWhere([...where, { property: '', operator: 'equals' }])}>
                {t('Filter')}
              </Button>
              <OrEvent act={act} set={set} />
            </>
          )}
          {tools && <div className={styles.tools}>{tools}</div>}
        </div>
      )}
    </div>
  )
}

/** Adds the most usual event that is not among them: a second one that is still empty would be no question. */
function OrEvent({ act, set }: { act: Act; set: (act: Act) => void }) {
  const names = useQuery(eventNames).data ?? []
  const next = names.find(({ name }) => !act.events.includes(name))
  if (!next) return null
  return (
    <Button variant="subtle" px={4} leftSection={<Plus size={14} />} onClick={() => set({ ...act, events: [...act.events, next.name] })}>
      {t('Or another')}
    </Button>
  )
}

function EventField({ label, value, set }: { label: string; value: string; set: (name: string) => void }) {
  const { data } = useQuery(eventNames)
  const unknown = value !== '' && data !== undefined && !data.some(({ name }) => name === value)
  return (
    <div>
      <ChoiceField label={label} hint={t('Choose an event')} value={value} onChange={set} choices={(data ?? []).map(({ name, count }) => ({ name, note: asShort(count) }))} />
      {unknown && (
        <p className={styles.warn} role="status">
          <TriangleAlert size={13} aria-hidden="true" />
          {t('Nobody has done “{{name}}” yet. Is it spelled as your site sends it?', { name: value })}
        </p>
      )}
    </div>
  )
}

function Where({ event, comparison, set }: { event: string; comparison: Comparison; set: (next: Comparison | null) => void }) {
  const properties = useQuery(eventProperties(event)).data ?? []
  const { property, operator, value } = comparison
  return (
    <div className={styles.where}>
      <ComparisonFields
        what="Property"
        event={event}
        names={properties}
        comparison={{ id: '', name: property, operator, value: value ?? null }}
        set={(part) => {
          const next = { name: property, operator, value: value ?? null, ...part }
          set({ property: next.name, operator: next.operator, ...(next.value === null ? {} : { value: next.value }) })
        }}
      />
      <Tooltip label={t('Remove filter')}>
        <ActionIcon aria-label={t('Remove filter')} onClick={() => set(null)}>
          <X size={14} />
        </ActionIcon>
      </Tooltip>
    </div>
  )
}
