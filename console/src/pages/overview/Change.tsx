import { ArrowDownRight, ArrowRight, ArrowUpRight } from 'lucide-react'
import type { ActivityDay } from '~/api/types'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Change.module.css'

const sum = (days: ActivityDay[], of: 'people' | 'events') => days.reduce((total, day) => total + day[of], 0)

/** The last seven whole days against the seven before, so that weekdays compare with weekdays. */
export function Change({ days, of }: { days: ActivityDay[]; of: 'people' | 'events' }) {
  const now = sum(days.slice(-7), of)
  const before = sum(days.slice(-14, -7), of)
  if (days.length < 14 || before === 0) return <>{t('No week to compare with yet')}</>
  const change = now / before - 1
  const flat = Math.abs(change) < 0.0005
  const Arrow = flat ? ArrowRight : change > 0 ? ArrowUpRight : ArrowDownRight
  return (
    <>
      <span className={styles.change} data-way={flat ? 'flat' : change > 0 ? 'up' : 'down'}>
        <Arrow size={13} aria-label={flat ? t('Unchanged') : change > 0 ? t('Up') : t('Down')} />
        {percent(Math.abs(change))}
      </span>{' '}
      {t('week on week')}
    </>
  )
}
