import type { Json, PersonRow, Properties } from '~/api/types'
import { LOCALE, t } from './language'

const written = (value: Json | undefined) => (typeof value === 'string' && value.trim() ? value.trim() : '')

/** A person's name from their traits; else their address, their id, or "Someone new". */
export function personName(person: Pick<PersonRow, 'traits' | 'user_id' | 'known'>): string {
  const { traits } = person
  const parts = [written(traits['first_name'] ?? traits['firstName']), written(traits['last_name'] ?? traits['lastName'])]
  return (
    written(traits['name']) || parts.filter(Boolean).join(' ') || written(traits['email']) || (person.known ? person.user_id : t('Someone new'))
  )
}

/** One or two letters for the round mark: "Beatriz Rocha" → "BR". */
export function initials(name: string): string {
  const words = name.split(/[\s._@-]+/).filter((word) => /\p{L}|\p{N}/u.test(word))
  const letters = words.length > 1 ? [words[0], words[1]] : [words[0]]
  return letters.map((word) => /\p{L}|\p{N}/u.exec(word ?? '')?.[0] ?? '').join('').toUpperCase() || '?'
}

/** A trait or property as text on one line; lists and objects as JSON. */
export function shown(value: Json | undefined): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? t('Yes') : t('No')
  if (typeof value === 'number') return value.toLocaleString(LOCALE, { maximumFractionDigits: 6 })
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** "first_name" → "First name". The name itself stays in the tooltip. */
export function readable(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').trim().toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

export function place(traits: Properties): string {
  return [written(traits['city']), written(traits['country'])].filter(Boolean).join(', ')
}
