import { NumberInput, SegmentedControl, Select } from '@mantine/core'
import { useId } from 'react'
import { t } from '~/words/language'
import type { Period } from '../question'
import styles from './Fields.module.css'

interface PickProps<T extends string> {
  label: string
  of: { value: T; label: string }[]
  value: T
  set: (value: T) => void
}

/** One of a few. */
export function PickField<T extends string>({ label, of, value, set }: PickProps<T>) {
  return <Select label={label} data={of} value={value} onChange={(next) => next !== null && set(next as T)} />
}

/** One of two or three, all in view. */
export function SwitchField<T extends string>({ label, of, value, set }: PickProps<T>) {
  const id = useId()
  return (
    <div className={styles.group}>
      <p className={styles.title} id={id}>
        {label}
      </p>
      <SegmentedControl aria-labelledby={id} fullWidth data={of} value={value} onChange={(next) => set(next as T)} />
    </div>
  )
}

interface NumberProps {
  label: string
  value: number
  set: (value: number) => void
  least: number
  most: number
  suffix?: string
}

/** A whole number within bounds; what is not one yet is not said. */
export function WholeField({ label, value, set, least, most, suffix }: NumberProps) {
  return (
    <NumberInput
      label={label}
      value={value}
      min={least}
      max={most}
      allowDecimal={false}
      clampBehavior="blur"
      {...(suffix ? { suffix: ` ${suffix}` } : {})}
      onChange={(next) => typeof next === 'number' && next >= least && next <= most && set(next)}
    />
  )
}

const PERIODS = (): { value: Period; label: string }[] => [
  { value: 'minute', label: t('Minute') },
  { value: 'hour', label: t('Hour') },
  { value: 'day', label: t('Day') },
  { value: 'week', label: t('Week') },
  { value: 'month', label: t('Month') },
  { value: 'quarter', label: t('Quarter') },
  { value: 'year', label: t('Year') },
]

/** How long a period is. */
export function PeriodField<P extends Period>({ of, value, set, label }: { of: readonly P[]; value: P; set: (period: P) => void; label?: string }) {
  return <PickField label={label ?? t('Per')} of={PERIODS().filter(({ value: each }) => (of as readonly Period[]).includes(each)) as { value: P; label: string }[]} value={value} set={set} />
}
