import { Autocomplete, NumberInput, Select, TagsInput, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { seenValues } from '~/api/audiences'
import { useMay } from '~/api/may'
import type { Json, PropertyName } from '~/api/types'
import { t } from '~/words/language'
import { meaningsOf } from './meanings'
import { type Comparison, emptyValue, type Scalar } from './model'
import { NameField } from './NameField'
import { kindOf, operatorsFor, takesOf, type ValueKind } from './operators'

interface Props {
  what: 'Property' | 'Trait'
  /** Of which event the property is. */
  event?: string
  names: PropertyName[]
  comparison: Comparison
  set: (part: Partial<Comparison>) => void
}

/** A name, an operator, and a value of the kind the name usually has. "30" is not 30: the kind decides which is sent. */
export function ComparisonFields({ what, event, names, comparison, set }: Props) {
  const known = names.find(({ name }) => name === comparison.name)
  const kind = kindOf(known?.type, comparison.value)
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
      <ValueField kind={kind} comparison={comparison} of={what === 'Trait' ? null : (event ?? '')} examples={known?.examples ?? []} set={set} />
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
  /** The event it is a property of; null for a trait. */
  of: string | null
  examples: Json[]
  set: Props['set']
}

const DEBOUNCE_MS = 180

/** What was seen there and holds what was typed; asked for once somebody is about to write. */
function useSuggestions(of: string | null, name: string, examples: Json[]) {
  const [text, setText] = useState<string | null>(null)
  const [typed] = useDebouncedValue(text ?? '', DEBOUNCE_MS)
  const sees = useMay()('people:read')
  const { data } = useQuery({ ...seenValues(of, name, typed), enabled: sees && text !== null && name !== '' && of !== '' })
  const simple = (data ?? examples).filter((value): value is string | number => typeof value === 'string' || typeof value === 'number')
  return { suggestions: [...new Set(simple.map(String))], wanted: setText }
}

function ValueField({ kind, comparison: { name, operator, value }, of, examples, set }: ValueProps) {
  const { suggestions, wanted } = useSuggestions(of, name, examples)
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
          onFocus={() => wanted('')}
          onSearchChange={wanted}
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
  const written = typeof value === 'string' ? value : ''
  return (
    <Autocomplete
      aria-label={t('Value')}
      w={160}
      data={suggestions}
      value={written}
      onFocus={() => wanted('')}
      onChange={(next) => {
        wanted(next)
        set({ value: next })
      }}
    />
  )
}
