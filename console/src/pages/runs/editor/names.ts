import { stepKind } from '../looks'
import { type Definition, stepsOf } from './draft'

/** What steps of two versions are called side by side: one that is gone goes by what it was, and those of one name are told apart by their ids. */
export function namesOf(before: Definition, after: Definition, titleOf: (id: string) => string): (id: string) => string {
  const [were, are] = [stepsOf(before), stepsOf(after)]
  const called = (id: string) => (id in are || !(id in were) ? titleOf(id) : stepKind(String(were[id]!['type'])))
  const names = [...new Set([...Object.keys(were), ...Object.keys(are)])].map(called)
  return (id) => {
    const name = called(id)
    return name !== id && names.indexOf(name) !== names.lastIndexOf(name) ? `${name} (${id})` : name
  }
}
