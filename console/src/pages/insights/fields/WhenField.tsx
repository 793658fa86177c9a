import { Select, TextInput } from '@mantine/core'
import { counted, t } from '~/words/language'
import { dayOn } from '../body'
import { useToday } from '../asking'
import type { When } from '../question'
import styles from './Fields.module.css'

const DAYS = [1, 7, 14, 30, 60, 90, 180, 365, 730]
const DATES = 'dates'

/** The last so many days, which go with the calendar; or two dates, which stay. */
export function WhenField({ when, set }: { when: When; set: (when: When) => void }) {
  const today = useToday()
  const last = 'last_days' in when ? when.last_days : null
  const choices = [...new Set([...DAYS, ...(last === null ? [] : [last])])].sort((one, other) => one - other)
  const data = [
    ...choices.map((days) => ({ value: String(days), label: days === 1 ? t('Today') : counted(days, 'Last {{count}} day', 'Last {{count}} days') })),
    { value: DATES, label: t('Between dates') },
  ]
  const choose = (value: string | null) => {
    if (value === null) return
    set(value === DATES ? { since: dayOn(today, -29), until: dayOn(today, 1) } : { last_days: Number(value) })
  }
  return (
    <>
      <Select label={t('When')} data={data} value={last === null ? DATES : String(last)} onChange={choose} />
      {'since' in when && (
        <div className={styles.two}>
          <TextInput type="date" label={t('From')} value={when.since} max={today} onChange={({ currentTarget: { value } }) => value && set({ ...when, since: value })} />
          <TextInput
            type="date"
            label={t('Through')}
            value={when.until === undefined ? '' : dayOn(when.until, -1)}
            min={when.since}
            onChange={({ currentTarget: { value } }) => set(value ? { ...when, until: dayOn(value, 1) } : { since: when.since })}
          />
        </div>
      )}
    </>
  )
}
