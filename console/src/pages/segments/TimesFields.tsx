import { NumberInput, Select } from '@mantine/core'
import type { Did } from './model'

type Mode = 'least' | 'most' | 'exactly' | 'between'

const MODES: { value: Mode; label: string }[] = [
  { value: 'least', label: 'at least' },
  { value: 'most', label: 'at most' },
  { value: 'exactly', label: 'exactly' },
  { value: 'between', label: 'between' },
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
      <Select aria-label="How often" w={92} data={MODES} value={mode} onChange={(next) => set(inMode(next as Mode, first))} />
      <NumberInput
        aria-label={mode === 'between' ? 'Times, from' : 'Times'}
        w={82}
        min={0}
        suffix={first === 1 ? ' time' : ' times'}
        allowDecimal={false}
        value={first}
        onChange={(times) => set(mode === 'between' ? { atLeast: whole(times) } : inMode(mode, whole(times)))}
      />
      {mode === 'between' && (
        <>
          <span className="quiet">and</span>
          <NumberInput aria-label="Times, to" w={88} suffix=" times" min={first} allowDecimal={false} value={rule.atMost ?? first} onChange={(times) => set({ atMost: whole(times) })} />
        </>
      )}
    </>
  )
}
