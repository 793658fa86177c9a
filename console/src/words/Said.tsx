import { cloneElement, Fragment, type ReactElement, type ReactNode } from 'react'
import { filled, sentenceOf, type Values } from './language'

interface SaidProps {
  /** The sentence, its parts in tags that do not nest: `Saved as <name>{{name}}</name>.` Written out, as for `t`. */
  text: string
  values?: Values
  /** What stands for each tag: `{ name: <strong /> }`. */
  parts: Record<string, ReactElement<{ children?: ReactNode }>>
}

/** A sentence with something other than text in it. Values are only ever text, whatever they look like. */
export function Said({ text, values = {}, parts }: SaidProps) {
  // Split at the tags first, and filled in only then: what a value holds is never read as a tag.
  const pieces = sentenceOf(text).split(/<(\w+)>(.*?)<\/\1>/s)
  return (
    <>
      {pieces.map((piece, i) => {
        // Text, tag, what it holds, text, tag, …
        if (i % 3 === 1) return null
        const part = i % 3 === 2 ? parts[pieces[i - 1]!] : undefined
        return part ? cloneElement(part, { key: i }, filled(piece, values)) : <Fragment key={i}>{filled(piece, values)}</Fragment>
      })}
    </>
  )
}
