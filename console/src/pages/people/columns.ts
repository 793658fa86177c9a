import type { PropertyName } from '~/api/types'

/** They make the name, and are asked for always. */
export const NAMING = ['name', 'first_name', 'last_name', 'firstName', 'lastName', 'email']
/** Traits most readers look for come first, when people have them. */
const WANTED = ['email', 'country', 'plan', 'city', 'tier']
const USUAL = 3

/** The few traits that are columns until the reader chooses: what most look for, else what most people have. */
export function usualColumns(traits: PropertyName[]): string[] {
  const names = traits.filter(({ name, type }) => (name === 'email' || !NAMING.includes(name)) && type !== 'object' && type !== 'list').map(({ name }) => name)
  return [...WANTED.filter((name) => names.includes(name)), ...names.filter((name) => !WANTED.includes(name))].slice(0, USUAL)
}
