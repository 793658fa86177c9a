/** What changed between two definitions, place by place, for people to read side by side. */

import type { Json } from '~/api/types'
import { asFields } from '../graph'
import { type Definition, sameJson, stepsOf } from './draft'

export interface Change {
  /** The step it is in; empty for the journey itself. */
  step: string
  /** The field within it, such as "template.subject"; empty for all of it. */
  field: string
  before: Json | undefined
  after: Json | undefined
}

/** In the order of the newer one; steps that are gone come last. */
export function changesBetween(before: Definition, after: Definition): Change[] {
  const { steps: _, ...wholeBefore } = before
  const { steps: __, ...wholeAfter } = after
  const old = stepsOf(before)
  const now = stepsOf(after)
  return [
    ...within('', wholeBefore, wholeAfter),
    ...Object.entries(now).flatMap(([id, step]) => (id in old ? within(id, old[id], step) : [{ step: id, field: '', before: undefined, after: step }])),
    ...Object.entries(old).flatMap(([id, step]) => (id in now ? [] : [{ step: id, field: '', before: step, after: undefined }])),
  ]
}

function within(step: string, before: Json | undefined, after: Json | undefined, field = ''): Change[] {
  if (sameJson(before, after)) return []
  const [one, other] = [asFields(before), asFields(after)]
  const open = field.split('.').length < 3 && Object.keys(one).length > 0 && Object.keys(other).length > 0 && !('type' in one && field !== '')
  if (!open) return [{ step, field, before, after }]
  return [...new Set([...Object.keys(other), ...Object.keys(one)])].flatMap((name) => within(step, one[name], other[name], field ? `${field}.${name}` : name))
}
