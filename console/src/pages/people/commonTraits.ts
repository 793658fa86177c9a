import type { PersonRow } from '~/api/types'

/** Already in the name column. */
const NAMES = new Set(['name', 'first_name', 'last_name', 'firstName', 'lastName'])
const COLUMNS = 3
/** Traits most readers look for come first, when people have them. */
const WANTED = ['email', 'country', 'plan', 'city', 'tier']

/** The few traits worth a column: those the most of these people have, in a steady order. */
export function commonTraits(people: PersonRow[]): string[] {
  const had = new Map<string, number>()
  for (const person of people) {
    for (const [name, value] of Object.entries(person.traits)) {
      if (!NAMES.has(name) && typeof value !== 'object') had.set(name, (had.get(name) ?? 0) + 1)
    }
  }
  const rank = (name: string) => (WANTED.indexOf(name) + WANTED.length + 1) % (WANTED.length + 1)
  return [...had.entries()]
    .filter(([, times]) => times * 3 >= people.length)
    .sort(([a, x], [b, y]) => rank(a) - rank(b) || y - x || a.localeCompare(b))
    .slice(0, COLUMNS)
    .map(([name]) => name)
}
