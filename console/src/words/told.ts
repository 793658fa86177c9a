/**
 * What the server says with values in it (refusals and what to do about them, advice, reasons), in the reader's language.
 *
 * The server speaks English, to everybody. A dictionary knows its sentences as their source has them, "there is no
 * segment {{1}}.", finds the one that was said, and says it again with what stood in the place, numbers as the reader
 * writes them. What there is to say, `python -m holdfast.cli.told_words` tells, and `tests/unit/docs/test_told_words.py`
 * holds every language to it. `api/client.ts` fetches it beside the first answer, so it is here with every answer; who
 * reads English fetches none of this.
 */
import { type Language, language, LOCALE } from './language'

export interface ToldWords {
  /** Whole sentences, their values as {{1}}, {{2}}; {{1|Tag|Tage}} is chosen by the number in the first place. */
  sentences: Readonly<Record<string, string>>
  /** What steps are called that say more than their kind: "Until {{1}}". */
  titles: Readonly<Record<string, string>>
  /** Single words that stand in those places. */
  values: Readonly<Record<string, string>>
  /** What segments are put together of; see `toldGroups.ts`. */
  phrases: Readonly<Record<string, string>>
}

interface Pattern {
  between: string[]
  said: string
  /** Made when it is first looked for. */
  whole?: RegExp
}

const DICTIONARIES: Partial<Record<Language, () => Promise<{ default: ToldWords }>>> = {
  de: () => import('./languages/de.told.json'),
}
const QUOTES: Record<Language, [string, string]> = { en: ['“', '”'], de: ['„', '“'] }

const DEEP_MOST = 4
const HEARD_MOST = 2000

let spoken: Language = 'en'
let words: ToldWords = { sentences: {}, titles: {}, values: {}, phrases: {} }
let patterns: Pattern[] = []
let heard = new Map<string, string>()

/** Load what the server says in a language: the reader's, unless another is wanted. */
export async function learnTold(wanted: Language = language()): Promise<void> {
  const found = await DICTIONARIES[wanted]?.()
  if (!found || found.default === words) return
  spoken = wanted
  words = found.default
  patterns = Object.entries(words.sentences)
    .map(([sentence, said]) => ({ between: sentence.split(/\{\{\d+\}\}/), said }))
    .filter(({ between }) => between.length > 1)
    // What says more of itself is looked for first: "{{1}} is missing." would be found in much.
    .sort((one, other) => other.between.join('').length - one.between.join('').length)
  heard = new Map()
}

/** A sentence of the server's, or several, in the reader's language; as it is where nobody knows it. */
export function told(text: string): string {
  if (!text || patterns.length === 0) return text
  const known = heard.get(text)
  if (known !== undefined) return known
  const said = sentence(text, 0) ?? text.split(/(?<=[.!?])\s+(?=\S)/).map((each) => sentence(each, 0) ?? each).join(' ')
  if (heard.size >= HEARD_MOST) heard.clear()
  heard.set(text, said)
  return said
}

/** The body of a refusal, said in the reader's language. */
export const toldRefusal = <T extends { message?: string; hint?: string | null }>(body: T): T => ({
  ...body,
  ...(body.message ? { message: told(body.message) } : {}),
  ...(body.hint ? { hint: told(body.hint) } : {}),
})

/** A single word of the server's, such as the code of a complaint, in the reader's language. */
export const wordTold = (word: string): string => (Object.hasOwn(words.values, word) ? words.values[word]! : word)

/** What a step is called, in the reader's language: "Until Order Completed". */
export function titleTold(title: string): string {
  for (const [pattern, said] of Object.entries(words.titles).sort(([one], [other]) => unfilled(other) - unfilled(one))) {
    const found = matched(pattern.split(/\{\{\d+\}\}/), title)
    if (found) return filled(said, found, DEEP_MOST)
  }
  return wordTold(title)
}

/** What segments are put together of, in the reader's language. */
export const phrasesTold = () => words.phrases

/** A number that was said in English, as the reader writes it. */
export function numberTold(said: string): string {
  const [, sign = '', digits = '', percent = ''] = /^([+-]?)([\d.,]+)(%?)$/.exec(said) ?? []
  const places = digits.split('.')[1]?.length ?? 0
  const written = Number(digits.replaceAll(',', '')).toLocaleString(LOCALE.startsWith(spoken) ? LOCALE : spoken, { minimumFractionDigits: places, maximumFractionDigits: places })
  return `${sign.replace('-', '−')}${written}${percent && ' %'}`
}

export const inQuotes = (text: string) => QUOTES[spoken].join(text)

/** Callers begin a sentence with a capital where it stands alone, so it is looked for as it is, and begun otherwise. */
function sentence(text: string, deep: number): string | null {
  const rest = text.slice(1)
  for (const form of new Set([text, text.charAt(0).toLowerCase() + rest, text.charAt(0).toUpperCase() + rest])) {
    const said = spelled(form, deep)
    if (said !== null) return /^\p{Lu}/u.test(text) ? said.charAt(0).toUpperCase() + said.slice(1) : said
  }
  return null
}

function spelled(text: string, deep: number): string | null {
  if (Object.hasOwn(words.sentences, text)) return words.sentences[text]!
  if (deep > DEEP_MOST) return null
  for (const each of patterns) {
    if (!text.startsWith(each.between[0]!) || !text.endsWith(each.between.at(-1)!)) continue
    each.whole ??= wholeOf(each.between)
    const found = each.whole.exec(text)
    if (found) return filled(each.said, found.slice(1), deep)
  }
  return null
}

/** Put values in their places; where there are forms to choose from, the number in the place chooses. */
function filled(said: string, values: readonly string[], deep: number): string {
  return said.replace(/\{\{(\d+)(?:\|([^|}]*)\|([^|}]*))?\}\}/g, (_, place: string, one?: string, other?: string) => {
    const value = values[Number(place) - 1] ?? ''
    return one === undefined || other === undefined ? valued(value, deep + 1) : Number(value) === 1 ? one : other
  })
}

/** As the reader writes it: numbers, what is in quotes, and what is itself something that is said. */
function valued(value: string, deep: number): string {
  if (/^[+-]?\d+(,\d{3})*(\.\d+)?%?$/.test(value)) return numberTold(value)
  if (wordTold(value) !== value) return wordTold(value)
  const quoted = /^(['"])([\s\S]*)\1$/.exec(value)
  if (quoted && !quoted[2]!.includes(quoted[1]!)) return inQuotes(quoted[2]!)
  const said = sentence(value, deep)
  if (said !== null || deep > DEEP_MOST) return said ?? value
  return value.split(', ').length > 1 ? value.split(', ').map((each) => valued(each, deep + 1)).join(', ') : value
}

const wholeOf = (between: string[]) => new RegExp(`^${between.map(escaped).join('([\\s\\S]*?)')}$`)
const unfilled = (pattern: string) => pattern.replace(/\{\{\d+\}\}/g, '').length
const matched = (between: string[], text: string) => wholeOf(between).exec(text)?.slice(1)

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
