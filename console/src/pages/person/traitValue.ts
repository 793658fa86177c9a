/** A trait as it is written in a form, and back: of the kind the reader says it is. */

import type { Json } from '~/api/types'
import { t } from '~/words/language'

export type TraitKind = 'text' | 'number' | 'truth' | 'json'

export function kindOf(value: Json | undefined): TraitKind {
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'truth'
  return typeof value === 'object' && value !== null ? 'json' : 'text'
}

export function writtenAs(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value)
}

/** The value that was written, or what is wrong with it. */
export function readAs(kind: TraitKind, written: string): { value: Json } | { problem: string } {
  switch (kind) {
    case 'text':
      return written === '' ? { problem: t('Write something; to have no value, take the trait away.') } : { value: written }
    case 'number': {
      const number = Number(written.trim().replace(',', '.'))
      return written.trim() !== '' && Number.isFinite(number) ? { value: number } : { problem: t('Write a number, such as 12.5.') }
    }
    case 'truth':
      return { value: written === 'true' }
    case 'json':
      try {
        const value = JSON.parse(written) as Json
        return value === null ? { problem: t('Null is no value; take the trait away.') } : { value }
      } catch {
        return { problem: t('This is no JSON. A list looks like ["a", "b"].') }
      }
  }
}
