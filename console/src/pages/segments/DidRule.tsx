import { ActionIcon, Autocomplete, Button, NumberInput, Select, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { eventNames, eventProperties } from '~/api/queries'
import { useBuilder } from './builderContext'
import { ComparisonFields } from './ComparisonFields'
import { type Comparison, type Did, newComparison } from './model'
import styles from './Builder.module.css'
import { RuleCount } from './RuleCount'
import { TimesFields } from './TimesFields'

/** "Did Order Completed at least 3 times in the last 30 days, where revenue is more than 50." */
export function DidRule({ rule }: { rule: Did }) {
  const builder = useBuilder()
  const names = useQuery(eventNames).data ?? []
  const properties = useQuery(eventProperties(rule.event)).data ?? []
  const set = (part: Partial<Did>) => builder.change(rule, part)
  const setWhere = (id: string, part: Partial<Comparison> | null) =>
    set({ where: rule.where.flatMap((one) => (one.id !== id ? [one] : part === null ? [] : [{ ...one, ...part }])) })
  return (
    <div className={styles.rule}>
      <div className={styles.fields}>
        <Select
          aria-label="Did or did not"
          w={86}
          data={[
            { value: 'did', label: 'Did' },
            { value: 'not', label: 'Did not' },
          ]}
          value={rule.negated ? 'not' : 'did'}
          onChange={(value) => set({ negated: value === 'not' })}
        />
        <Autocomplete
          aria-label="Event"
          placeholder="Choose an event"
          w={180}
          data={names.map(({ name }) => name)}
          value={rule.event}
          onChange={(event) => set({ event })}
          limit={50}
          maxDropdownHeight={260}
        />
        <TimesFields rule={rule} set={set} />
        <Select
          aria-label="Window"
          w={114}
          data={[
            { value: 'last', label: 'in the last' },
            { value: 'ever', label: 'ever' },
          ]}
          value={rule.withinDays === null ? 'ever' : 'last'}
          onChange={(value) => set({ withinDays: value === 'ever' ? null : 30 })}
        />
        {rule.withinDays !== null && (
          <>
            <NumberInput aria-label="Days" w={70} min={0.01} value={rule.withinDays} onChange={(days) => Number(days) > 0 && set({ withinDays: Number(days) })} />
            <span className="quiet">{rule.withinDays === 1 ? 'day' : 'days'}</span>
          </>
        )}
        <Tooltip label="Add a condition on the event">
          <Button variant="subtle" leftSection={<Plus size={13} />} onClick={() => set({ where: [...rule.where, newComparison()] })}>
            where
          </Button>
        </Tooltip>
        <Tooltip label="Remove rule">
          <ActionIcon aria-label="Remove rule" className={styles.remove} onClick={() => builder.remove(rule.id)}>
            <X size={14} />
          </ActionIcon>
        </Tooltip>
        <RuleCount node={rule} />
      </div>
      {rule.where.map((comparison) => (
        <div key={comparison.id} className={`${styles.fields} ${styles.where}`}>
          <span className="quiet">where</span>
          <ComparisonFields what="Property" names={properties} comparison={comparison} set={(part) => setWhere(comparison.id, part)} />
          <Tooltip label="Remove condition">
            <ActionIcon aria-label="Remove condition" className={styles.remove} onClick={() => setWhere(comparison.id, null)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        </div>
      ))}
    </div>
  )
}
