import { NumberInput, Select } from '@mantine/core'
import { useState } from 'react'
import { counted, t } from '~/words/language'

const USUAL_DAYS = [1, 7, 14, 30, 60, 90, 180, 365]
const EVER = 'ever'
const OTHER = 'other'

const labelOf = (days: number) => counted(days, 'in the last day', 'in the last {{count}} days')

/** The window a rule looks back over: usual lengths to pick, any other to type, or the whole history. */
export function WindowField({ days, set }: { days: number | null; set: (days: number | null) => void }) {
  const [typing, setTyping] = useState(false)
  const lengths = days === null || USUAL_DAYS.includes(days) ? USUAL_DAYS : [...USUAL_DAYS, days].sort((a, b) => a - b)
  if (typing) {
    return (
      <NumberInput
        aria-label={t('Days to look back')}
        w={186}
        autoFocus
        min={0.01}
        prefix={t('in the last ')}
        suffix={t(' days')}
        value={days ?? 30}
        onChange={(next) => Number(next) > 0 && set(Number(next))}
        onBlur={() => setTyping(false)}
      />
    )
  }
  const choose = (value: string | null) => {
    if (value === OTHER) setTyping(true)
    else set(value === EVER || value === null ? null : Number(value))
  }
  return (
    <Select
      aria-label={t('Window')}
      w={186}
      data={[
        ...lengths.map((length) => ({ value: String(length), label: labelOf(length) })),
        { value: EVER, label: t('ever') },
        { value: OTHER, label: t('another length') },
      ]}
      value={days === null ? EVER : String(days)}
      onChange={choose}
    />
  )
}
