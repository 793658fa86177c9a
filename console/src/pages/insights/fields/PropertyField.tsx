import { useQuery } from '@tanstack/react-query'
import { eventProperties, traitNames } from '~/api/queries'
import { t } from '~/words/language'
import type { Act, Breakdown } from '../question'
import { ChoiceField } from './ChoiceField'

interface PropertyProps {
  label: string
  act: Act
  value: string | undefined
  set: (name: string | undefined) => void
  hint?: string
}

/** A property of an event. */
export function PropertyField({ label, act, value, set, hint }: PropertyProps) {
  const { data } = useQuery(eventProperties(act.events[0] ?? ''))
  return (
    <ChoiceField
      seen
      label={label}
      hint={hint ?? t('Choose a property')}
      value={value ?? ''}
      choices={(data ?? []).map(({ name, type }) => ({ name, note: type }))}
      onChange={(name) => set(name || undefined)}
    />
  )
}

const TRAIT = 'trait:'
export const breakdownText = (breakdown: Breakdown | undefined) => (breakdown === undefined ? '' : typeof breakdown === 'string' ? breakdown : `${TRAIT} ${breakdown.trait}`)
export const breakdownOf = (text: string): Breakdown | undefined => {
  const wanted = text.trim()
  if (!wanted.startsWith(TRAIT)) return wanted || undefined
  const trait = wanted.slice(TRAIT.length).trim()
  return trait ? { trait } : undefined
}

interface BreakdownProps {
  label: string
  act: Act
  value: Breakdown | undefined
  set: (breakdown: Breakdown | undefined) => void
}

/** A property of the event or a trait of the person, to tell values of apart; nothing is one line for all. */
export function BreakdownField({ label, act, value, set }: BreakdownProps) {
  const properties = useQuery(eventProperties(act.events[0] ?? '')).data ?? []
  const traits = useQuery(traitNames).data ?? []
  const choices = [
    ...properties.map(({ name }) => ({ name, note: t('property') })),
    ...traits.map(({ name }) => ({ name: breakdownText({ trait: name }), note: t('trait') })),
  ]
  return <ChoiceField seen label={label} hint={t('Nothing: all together')} value={breakdownText(value)} choices={choices} onChange={(text) => set(breakdownOf(text))} />
}
