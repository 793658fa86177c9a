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
