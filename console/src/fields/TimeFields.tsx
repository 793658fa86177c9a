import { ActionIcon, Button, Input, NumberInput, TextInput, Tooltip } from '@mantine/core'
import { Plus, X } from 'lucide-react'
import type { Json } from '~/api/types'
import type { FieldProps } from '~/parts/SchemaForm'
import { LOCALE, t } from '~/words/language'
import styles from './Fields.module.css'

/** A time of the day, or a date, in the browser's own field. */
export function ClockField({ label, description, schema, value, set, required, error, type }: FieldProps & { type: 'time' | 'date' | 'datetime-local' }) {
  return (
    <TextInput
      type={type}
      label={label}
      description={description}
      required={required}
      withAsterisk={required}
      error={error}
      value={typeof value === 'string' ? value : typeof schema.default === 'string' ? schema.default : ''}
      onChange={(event) => set(event.currentTarget.value || (schema.default === null ? null : ''))}
    />
  )
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

/** Several times, one below the other. */
export function ClocksField({ label, description, value, set, error, type }: FieldProps & { type: 'time' | 'datetime-local' }) {
  const times = texts(value)
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={styles.rows}>
        {times.map((each, i) => (
          <div key={i} className={styles.line}>
            <TextInput aria-label={`${label} ${i + 1}`} type={type} value={each} onChange={(event) => set(times.map((other, at) => (at === i ? event.currentTarget.value : other)))} />
            <Tooltip label={t('Take {{what}} out', { what: `${label} ${i + 1}` })}>
              <ActionIcon aria-label={t('Take {{what}} out', { what: `${label} ${i + 1}` })} onClick={() => set(times.filter((_, at) => at !== i))}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
        ))}
        <div>
          <Button variant="subtle" leftSection={<Plus size={14} />} onClick={() => set([...times, type === 'time' ? '09:00' : ''])}>
            {t('Add a time')}
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  )
}

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const dayName = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', timeZone: 'UTC' })
/** 5 January 1970 was a Monday. */
const named = (day: string) => dayName.format(new Date(Date.UTC(1970, 0, 5 + DAYS.indexOf(day))))

export function WeekdaysField({ label, description, schema, value, set, error }: FieldProps) {
  const chosen = texts(value ?? schema.default)
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <div className={styles.chips} role="group" aria-label={label}>
        {DAYS.map((day) => (
          <Button
            key={day}
            size="compact-xs"
            aria-pressed={chosen.includes(day)}
            className={styles.chip}
            onClick={() => set(DAYS.filter((each) => (each === day ? !chosen.includes(each) : chosen.includes(each))))}
          >
            {named(day)}
          </Button>
        ))}
      </div>
    </Input.Wrapper>
  )
}

/** Days of a month by their numbers. */
export function DaysOfMonthField({ label, description, value, set, error }: FieldProps) {
  return (
    <TextInput
      label={label}
      description={description}
      error={error}
      placeholder="1, 15"
      defaultValue={texts(value).join(', ')}
      onBlur={(event) => {
        const days = event.currentTarget.value.split(/[\s,;]+/).map(Number).filter((day) => Number.isInteger(day) && day > 0)
        set(days.length > 0 ? days : null)
      }}
    />
  )
}

/** A share of people, written in percent. */
export function ShareField({ label, description, schema, value, set, required, error }: FieldProps) {
  const share = typeof value === 'number' ? value : typeof schema.default === 'number' ? schema.default : null
  return (
    <NumberInput
      label={label}
      description={description}
      required={required}
      withAsterisk={required}
      error={error}
      min={0}
      max={100}
      decimalScale={3}
      suffix=" %"
      value={share === null ? '' : Math.round(share * 1e7) / 1e5}
      onChange={(next) => set(typeof next === 'number' ? Math.round(next * 1e5) / 1e7 : undefined)}
    />
  )
}
