/** A template's definition, looked at and changed one variant and one language at a time. */

import type { Json, Properties } from '~/api/types'

const fields = (value: Json | undefined): Properties => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})

export interface Place {
  /** Empty where there are no variants. */
  variant: string
  /** Empty for the template's own language. */
  language: string
}

export const variantsOf = (definition: Properties): string[] => Object.keys(fields(definition['variants']))

const within = (definition: Properties, variant: string) => (variant ? fields(fields(definition['variants'])[variant]) : definition)

export const languagesOf = (definition: Properties, variant: string): string[] => Object.keys(fields(within(definition, variant)['languages']))

/** What is written at a place. */
export function written(definition: Properties, { variant, language }: Place): Properties {
  const whole = within(definition, variant)
  return language ? fields(fields(whole['languages'])[language]) : fields(whole['content'])
}

/** What a message says at a place: the parts of the language, and those of the content where it has none. */
export function said(definition: Properties, place: Place): Properties {
  return { ...written(definition, { ...place, language: '' }), ...(place.language ? written(definition, place) : {}) }
}

/** The definition with something else written at a place. */
export function rewritten(definition: Properties, place: Place, parts: Properties): Properties {
  const whole = within(definition, place.variant)
  const next = place.language
    ? { ...whole, languages: { ...fields(whole['languages']), [place.language]: filled(parts) } }
    : { ...whole, content: parts }
  return place.variant ? { ...definition, variants: { ...fields(definition['variants']), [place.variant]: next } } : next
}

/** A language says only what differs: an empty part is one it does not say. */
const filled = (parts: Properties): Properties => Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ''))

export const shareOf = (definition: Properties, variant: string): number => Number(within(definition, variant)['share'] ?? 0)

/** "a", "b", "c": the first that is free. */
const freeName = (taken: string[]) => 'abcdefghijklmnopqrstuvwxyz'.split('').find((each) => !taken.includes(each)) ?? `v${taken.length + 1}`

/** One more way to say it, beginning as the one it is made from; all get the same share. Whoever is alone becomes "a". */
export function variantAdded(definition: Properties, from: string): { definition: Properties; added: string } {
  const { content, languages, variants, ...whole } = definition
  const there: Properties = variants === undefined ? { a: { content: fields(content), ...(languages === undefined ? {} : { languages }) } } : fields(variants)
  const added = freeName(Object.keys(there))
  const next = { ...there, [added]: structuredClone(fields(there[from] ?? there[Object.keys(there)[0]!])) }
  return { definition: { ...whole, variants: evenly(next) }, added }
}

/** One way less. The last that is left is the only one, and no variant any more. */
export function variantRemoved(definition: Properties, variant: string): Properties {
  const { variants, ...whole } = definition
  const { [variant]: _, ...left } = fields(variants)
  const names = Object.keys(left)
  if (names.length > 1) return { ...whole, variants: evenly(left) }
  const { share: __, ...only } = fields(left[names[0]!])
  return { ...whole, ...only }
}

/** Another share for one; the others share what is left as they did before. */
export function shareSet(definition: Properties, variant: string, share: number): Properties {
  const variants = fields(definition['variants'])
  const others = Object.keys(variants).filter((name) => name !== variant)
  const before = others.reduce((total, name) => total + shareOf(definition, name), 0)
  const shared = (name: string) => (before > 0 ? (shareOf(definition, name) / before) * (1 - share) : (1 - share) / others.length)
  const next = Object.fromEntries(Object.entries(variants).map(([name, each]) => [name, { ...fields(each), share: exact(name === variant ? share : shared(name)) }]))
  return { ...definition, variants: whole(next, others.at(-1) ?? variant) }
}

const exact = (share: number) => Math.round(share * 1e4) / 1e4

const evenly = (variants: Properties): Properties => {
  const names = Object.keys(variants)
  return whole(Object.fromEntries(names.map((name) => [name, { ...fields(variants[name]), share: exact(1 / names.length) }])), names.at(-1)!)
}

/** Shares add up to 1: what rounding lost, one of them gets. */
function whole(variants: Properties, rest: string): Properties {
  const others = Object.keys(variants).filter((name) => name !== rest)
  const taken = others.reduce((total, name) => total + Number(fields(variants[name])['share']), 0)
  return { ...variants, [rest]: { ...fields(variants[rest]), share: exact(1 - taken) } }
}
