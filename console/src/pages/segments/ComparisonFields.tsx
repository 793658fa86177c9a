import { Autocomplete, NumberInput, Select, TagsInput } from '@mantine/core'
import type { Json, PropertyName } from '~/api/types'
import { ALONE, type Comparison, type Scalar, SEVERAL } from './model'
import { NameField } from './NameField'
import { kindOf, operatorsFor, type ValueKind } from './operators'

interface Props {
  what: 'Property' | 'Trait'
  names: PropertyName[]
  comparison: Comparison
  set: (part: Partial<Comparison>) => void
}

/** A name, an operator, and a value of the kind the name usually has. "30" is not 30: the kind decides which is sent. */
export function ComparisonFields({ what, names, comparison, set }: Props) {
  const known = names.find(({ name }) => name === comparison.name)
  const kind = kindOf(known?.type, comparison.value)
  const examples = (known?.examples ?? []).filter((value): value is string | number => typeof value === 'string' || typeof value === 'number')
  const rename = (name: string) => {
    const type = names.find((one) => one.name === name)?.type
    const stays = type === undefined || kindOf(type, null) === kind
    set(stays ? { name } : { name, operator: 'equals', value: null })
  }
  const operate = (operator: string) => set({ operator, value: reshaped(comparison.value, operator) })
  return (
    <>
      <NameField label={what} hint={`Choose a ${what.toLowerCase()}`} names={names.map(({ name }) => name)} value={comparison.name} onChange={rename} />
      <Select aria-label="Operator" w={116} data={operatorsFor(kind, comparison.operator)} value={comparison.operator} onChange={(operator) => operator && operate(operator)} />
      <ValueField kind={kind} comparison={comparison} examples={examples} set={set} />
    </>
  )
}

/** One value becomes a list of one when the operator asks for several, and the other way round. */
function reshaped(value: Comparison['value'], operator: string): Comparison['value'] {
  if (ALONE.has(operator)) return null
  if (SEVERAL.has(operator)) return Array.isArray(value) ? value : value === null || value === '' ? [] : [value]
  return Array.isArray(value) ? (value[0] ?? null) : value
}

interface ValueProps {
  kind: ValueKind
  comparison: Comparison
  examples: Json[]
  set: Props['set']
}

function ValueField({ kind, comparison: { operator, value }, examples, set }: ValueProps) {
  if (ALONE.has(operator)) return null
  const suggestions = [...new Set(examples.map(String))]
  if (SEVERAL.has(operator)) {
    const typed = (text: string): Scalar => (kind === 'number' ? Number(text) : text)
    return (
      <TagsInput
        aria-label="Values"
        w={220}
        data={suggestions}
        value={(Array.isArray(value) ? value : []).map(String)}
        onChange={(texts) => set({ value: texts.map(typed).filter((one) => one === one) })}
      />
    )
  }
  if (kind === 'truth') {
    return (
      <Select aria-label="Value" w={90} data={['true', 'false']} value={value === null ? null : String(value)} placeholder="Choose" onChange={(text) => set({ value: text === 'true' })} />
    )
  }
  if (kind === 'number') {
    return (
      <NumberInput aria-label="Value" w={110} value={typeof value === 'number' ? value : ''} onChange={(next) => set({ value: typeof next === 'number' ? next : null })} />
    )
  }
  return <Autocomplete aria-label="Value" w={160} data={suggestions} value={typeof value === 'string' ? value : ''} onChange={(next) => set({ value: next })} />
}
