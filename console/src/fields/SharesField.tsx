import { ActionIcon, Button, Input, NumberInput, TextInput, Tooltip } from '@mantine/core'
import { Equal, Plus, X } from 'lucide-react'
import type { Json } from '~/api/types'
import type { FieldProps } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Fields.module.css'
import { evenly, freeName, whole } from './shares'

const asShares = (value: Json | undefined): [string, number][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value).map(([name, share]) => [name, Number(share)]) : []

/** Ways out and the share of people that takes each; they have to add up to a hundred. */
export function SharesField({ label, description, value, set, error }: FieldProps) {
  const shares = asShares(value)
  const total = whole(shares)
  const write = (next: [string, number][]) => set(Object.fromEntries(next))
  const change = (at: number, part: [string, number]) => write(shares.map((each, i) => (i === at ? part : each)))
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={styles.rows}>
        {shares.map(([name, share], i) => (
          <div key={i} className={styles.line}>
            <TextInput aria-label={t('Name of way {{number}}', { number: i + 1 })} value={name} onChange={(event) => shares.some(([other], at) => at !== i && other === event.currentTarget.value) || change(i, [event.currentTarget.value, share])} />
            <NumberInput
              aria-label={t('Share of {{name}}', { name })}
              w={92}
              min={0}
              max={100}
              decimalScale={3}
              suffix=" %"
              value={Math.round(share * 1e7) / 1e5}
              onChange={(next) => typeof next === 'number' && change(i, [name, Math.round(next * 1e5) / 1e7])}
            />
            <Tooltip label={t('Take {{what}} out', { what: name })}>
              <ActionIcon aria-label={t('Take {{what}} out', { what: name })} disabled={shares.length <= 2} onClick={() => write(shares.filter((_, at) => at !== i))}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        <p className={total === 1 ? 'quiet' : styles.wrong} role="status">
          {total === 1 ? t('They add up to 100%.') : t('They add up to {{total}}, not 100%.', { total: percent(total, 1) })}
        </p>
        <div className={styles.line}>
          <Button variant="subtle" leftSection={<Plus size={14} />} onClick={() => write([...shares, [freeName(shares.map(([name]) => name)), 0]])}>
            {t('Add a way')}
          </Button>
          <Button variant="subtle" leftSection={<Equal size={14} />} onClick={() => write(evenly(shares.map(([name]) => name)))}>
            {t('Divide evenly')}
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  )
}

const asNames = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

/** Ways out by name. */
export function PathsField({ label, description, schema, value, set, error }: FieldProps) {
  const names = asNames(value)
  const least = schema.minItems ?? 0
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={styles.rows}>
        {names.map((name, i) => (
          <div key={i} className={styles.line}>
            <TextInput aria-label={t('Name of way {{number}}', { number: i + 1 })} value={name} onChange={(event) => set(names.map((other, at) => (at === i ? event.currentTarget.value : other)))} />
            <Tooltip label={t('Take {{what}} out', { what: name })}>
              <ActionIcon aria-label={t('Take {{what}} out', { what: name })} disabled={names.length <= least} onClick={() => set(names.filter((_, at) => at !== i))}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        <div>
          <Button variant="subtle" leftSection={<Plus size={14} />} onClick={() => set([...names, freeName(names)])}>
            {t('Add a way')}
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  )
}
