import { NumberInput, Select } from '@mantine/core'
import { t } from '~/words/language'
import type { Did } from './model'

type Mode = 'least' | 'most' | 'exactly' | 'between'

const MODES: { value: Mode; label: string }[] = [
  { value: 'least', label: t('at least') },
  { value: 'most', label: t('at most') },
  { value: 'exactly', label: t('exactly') },
  { value: 'between', label: t('between') },
]

function modeOf({ atLeast, atMost }: Did): Mode {
  if (atMost === null) return 'least'
  if (atLeast === null) return 'most'
  return atLeast === atMost ? 'exactly' : 'between'
}

function inMode(mode: Mode, times: number): Pick<Did, 'atLeast' | 'atMost'> {
  switch (mode) {
    case 'least':
      return { atLeast: times, atMost: null }
    case 'most':
      return { atLeast: null, atMost: times }
    case 'exactly':
      return { atLeast: times, atMost: times }
    case 'between':
      return { atLeast: times, atMost: times + 1 }
  }
}

const whole = (value: string | number) => Math.max(0, Math.floor(Number(value) || 0))

/** How often: at least, at most, exactly, or between. Those who never did it count as zero. */
export function TimesFields({ rule, set }: { rule: Did; set: (part: Partial<Did>) => void }) {
  const mode = modeOf(rule)
  const first = rule.atLeast ?? rule.atMost ?? 1
  return (
    <>
      <Select aria-label={t('How often')} w={110} data={MODES} value={mode} onChange={(next) => set(inMode(next as Mode, first))} />
      <NumberInput
        aria-label={mode === 'between' ? t('Times, from') : t('Times')}
        w={80}
        min={0}
        suffix={first === 1 ? t(' time') : t(' times')}
        allowDecimal={false}
        value={first}
        onChange={(times) => set(mode === 'between' ? { atLeast: whole(times) } : inMode(mode, whole(times)))}
      />
      {mode === 'between' && (
        <>
          <span className="quiet">{t('and')}</span>
          <NumberInput aria-label={t('Times, to')} w={88} suffix={t(' times')} min={first} allowDecimal={false} value={rule.atMost ?? first} onChange={(times) => set({ atMost: whole(times) })} />
        </>
      )}
    </>
  )
}
