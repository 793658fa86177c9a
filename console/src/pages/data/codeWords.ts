import { wordTold } from '~/words/told'

/** "timestamp_unreadable" → "Timestamp unreadable". */
export function codeWords(code: string): string {
  const known = wordTold(code)
  if (known !== code) return known
  const words = code.replace(/[_.]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** JSON laid out for reading; anything else as it came. */
export function laidOut(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
