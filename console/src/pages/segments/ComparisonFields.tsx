import { Autocomplete, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import type { Json, PropertyName } from '~/api/types'
import { t } from '~/words/language'
import { meaningsOf } from './meanings'
import { type Comparison, emptyValue, type Scalar } from './model'
import { NameField } from './NameField'
import { kindOf, operatorsFor, takesOf, type ValueKind } from './operators'

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
  const operate = (operator: string) => set({ operator, value: reshaped(comparison.value, comparison.operator, operator) })
  return (
    <>
      <NameField
        label={what === 'Trait' ? t('Trait') : t('Property')}
        hint={what === 'Trait' ? t('Choose a trait') : t('Choose a property')}
        names={names.map(({ name }) => name)}
        meanings={meaningsOf(names)}
        value={comparison.name}
        onChange={rename}
      />
      <Select
        aria-label={t('Operator')}
        w={136}
        searchable
        comboboxProps={{ width: 240, position: 'bottom-start' }}
        data={operatorsFor(kind, comparison.operator)}
        value={comparison.operator}
        onChange={(operator) => operator && operate(operator)}
      />
      <ValueField kind={kind} comparison={comparison} examples={examples} set={set} />
    </>
  )
}

const SIMPLE = new Set(['scalar', 'ordered', 'text'])

/** What was written stays where the new operator can take it; one value becomes a list of one, and the other way round. */
function reshaped(value: Comparison['value'], from: string, to: string): Comparison['value'] {
  const [was, is] = [takesOf(from), takesOf(to)]
  if (was === is) return value
  if (is === 'scalars') return Array.isArray(value) ? value : value === null || value === '' ? [] : [value]
  if (SIMPLE.has(is) && (SIMPLE.has(was) || was === 'scalars')) return Array.isArray(value) ? (value[0] ?? null) : value
  return emptyValue(to)
}

interface ValueProps {
  kind: ValueKind
  comparison: Comparison
  examples: Json[]
  set: Props['set']
}

function ValueField({ kind, comparison: { operator, value }, examples, set }: ValueProps) {
  const suggestions = [...new Set(examples.map(String))]
  const number = (next: number | string) => set({ value: typeof next === 'number' ? next : null })
  switch (takesOf(operator)) {
    case 'nothing':
      return null
    case 'scalars': {
      const typed = (text: string): Scalar => (kind === 'number' ? Number(text) : text)
      return (
        <TagsInput
          aria-label={t('Values')}
          w={220}
          data={suggestions}
          value={(Array.isArray(value) ? value : []).map(String)}
          onChange={(texts) => set({ value: texts.map(typed).filter((one) => one === one) })}
        />
      )
    }
    case 'range': {
      const [low, high] = Array.isArray(value) ? value : [null, null]
      const write = (next: Scalar[]) => set({ value: next })
      return (
        <>
          <NumberInput aria-label={t('From')} w={90} value={typeof low === 'number' ? low : ''} onChange={(next) => write([Number(next), typeof high === 'number' ? high : Number(next)])} />
          <span className="quiet">{t('and')}</span>
          <NumberInput aria-label={t('To')} w={90} value={typeof high === 'number' ? high : ''} onChange={(next) => write([typeof low === 'number' ? low : 0, Number(next)])} />
        </>
      )
    }
    case 'count':
    case 'days':
    case 'year_days':
      return <NumberInput aria-label={t('Value')} w={96} min={0} allowDecimal={false} value={typeof value === 'number' ? value : ''} onChange={number} />
    case 'date':
    case 'day':
      return <TextInput aria-label={t('Date')} w={150} type="date" value={typeof value === 'string' ? value.slice(0, 10) : ''} onChange={(event) => set({ value: event.currentTarget.value || null })} />
    case 'version':
    case 'region':
      return <TextInput aria-label={t('Value')} w={110} value={typeof value === 'string' ? value : ''} onChange={(event) => set({ value: event.currentTarget.value })} />
  }
  if (kind === 'truth') {
    return (
      <Select
        aria-label={t('Value')}
        w={90}
        data={[
          { value: 'true', label: t('true') },
          { value: 'false', label: t('false') },
        ]}
        value={value === null ? null : String(value)}
        placeholder={t('Choose')}
        onChange={(text) => set({ value: text === 'true' })}
      />
    )
  }
  if (kind === 'number') return <NumberInput aria-label={t('Value')} w={110} value={typeof value === 'number' ? value : ''} onChange={number} />
  return <Autocomplete aria-label={t('Value')} w={160} data={suggestions} value={typeof value === 'string' ? value : ''} onChange={(next) => set({ value: next })} />
}
