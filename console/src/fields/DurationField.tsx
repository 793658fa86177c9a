import { NumberInput, Select } from '@mantine/core'
import { useState } from 'react'
import type { FieldProps } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import styles from './Fields.module.css'
import { type Unit, UNITS, unitOf } from './lengths'

/** A length of time: a number and its unit; kept in seconds. */
export function DurationField({ label, description, schema, value, set, required, error }: FieldProps) {
  const seconds = typeof value === 'number' ? value : typeof schema.default === 'number' ? schema.default : null
  const [unit, setUnit] = useState<Unit>(() => (seconds === null ? 86_400 : unitOf(seconds)))
  const words: Record<Unit, string> = { 1: t('seconds'), 60: t('minutes'), 3_600: t('hours'), 86_400: t('days') }
  const plain = label.replace(/ ?seconds$/i, '') || t('How long')
  const write = (amount: number | null, of: Unit) => set(amount === null ? (schema.default === null ? null : undefined) : Math.round(amount * of))
  return (
    <div className={styles.pair}>
      <NumberInput
        label={plain}
        description={description}
        required={required}
        withAsterisk={required}
        error={error}
        min={0}
        decimalScale={3}
        value={seconds === null ? '' : seconds / unit}
        onChange={(next) => write(typeof next === 'number' ? next : null, unit)}
      />
      <Select
        aria-label={t('Unit of {{what}}', { what: plain })}
        data={UNITS.map((each) => ({ value: String(each), label: words[each] }))}
        value={String(unit)}
        onChange={(next) => {
          const of = Number(next) as Unit
          if (seconds !== null) write(seconds / unit, of)
          setUnit(of)
        }}
      />
    </div>
  )
}
