import { ActionIcon, Button, Input, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { eventProperties } from '~/api/queries'
import type { Json } from '~/api/types'
import { ComparisonFields } from '~/pages/segments/ComparisonFields'
import { compared, type Comparison, comparisonDone, newComparison } from '~/pages/segments/model'
import type { FieldProps } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import { asFields } from '~/pages/runs/graph'
import styles from './Fields.module.css'
import { useEventBeside } from './writing'

/** What must be true of an event's properties; half-written ones are kept here until they say enough. */
export function ComparisonsField({ label, description, value, set, error }: FieldProps) {
  const event = useEventBeside()
  const { data = [] } = useQuery(eventProperties(event))
  const [all, setAll] = useState<Comparison[]>(() => (Array.isArray(value) ? value.map(read) : []))
  const write = (next: Comparison[]) => {
    setAll(next)
    set(next.filter(comparisonDone).map((each) => compared('property', each)))
  }
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={styles.rows}>
        {all.map((each, i) => (
          <div key={each.id} className={styles.line} data-wraps>
            <ComparisonFields what="Property" event={event} names={data} comparison={each} set={(part) => write(all.map((other) => (other.id === each.id ? { ...other, ...part } : other)))} />
            <Tooltip label={t('Take {{what}} out', { what: `${label} ${i + 1}` })}>
              <ActionIcon aria-label={t('Take {{what}} out', { what: `${label} ${i + 1}` })} onClick={() => write(all.filter(({ id }) => id !== each.id))}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        <div>
          <Button variant="subtle" leftSection={<Plus size={14} />} onClick={() => setAll([...all, newComparison()])}>
            {t('Add a comparison')}
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  )
}

function read(json: Json): Comparison {
  const fields = asFields(json)
  return { ...newComparison(), name: String(fields['property'] ?? ''), operator: String(fields['operator'] ?? 'equals'), value: (fields['value'] ?? null) as Comparison['value'] }
}
