/**
 * What the console says, in the reader's language.
 *
 * The English sentence is the key, so code reads as the page does. Another language is a file in `languages/`, loaded
 * before anything is drawn; to change it, the page loads anew. `tests/language.test.ts` holds every language to what
 * the code says: nothing untranslated, nothing left over.
 */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

const KEPT = 'holdfast:language'
const DICTIONARIES: Partial<Record<Language, () => Promise<{ default: Record<string, string> }>>> = {
  de: () => import('./languages/de.json'),
}

export const isLanguage = (value: string | null | undefined): value is Language => value != null && value in LANGUAGES

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null // Storage can be forbidden; the browser's language decides then.
  }
}

function preferred(): Language {
  const chosen = kept()
  if (isLanguage(chosen)) return chosen
  const wanted = typeof document === 'undefined' ? [] : navigator.languages.map((each) => each.slice(0, 2).toLowerCase())
  return wanted.find(isLanguage) ?? 'en'
}

const spoken: Language = preferred()

export const language = (): Language => spoken

/** How numbers, moments and lists are written: as the reader's own region does, where it speaks the console's language. */
export const LOCALE: string =
  (typeof document === 'undefined' ? [] : navigator.languages).find((each) => each.slice(0, 2).toLowerCase() === spoken) ?? spoken

/** Speak another language from now on. */
export function speak(next: Language) {
  try {
    localStorage.setItem(KEPT, next)
  } catch {
    // Then it holds until the page is left.
  }
  location.reload()
}

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 6 })

const plurals = new Intl.PluralRules(spoken)
let dictionary: Readonly<Record<string, string>> = {}

/** Load the reader's language. Before this is done, everything is said in English. */
export async function learnLanguage(): Promise<void> {
  document.documentElement.lang = spoken
  dictionary = (await DICTIONARIES[spoken]?.())?.default ?? {}
}

export type Values = Record<string, string | number>

const readable = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === 'number' ? whole.format(value) : value]))

/** A sentence as the language has it, its values not yet in place; for `<Said>`. */
export const sentenceOf = (sentence: string): string => (Object.hasOwn(dictionary, sentence) && dictionary[sentence]) || sentence

/** A sentence: `t('Save segment')`, `t('Sent to {{name}}', { name })`. It must be written out, so that it can be found. */
export const t = (sentence: string, values: Values = {}): string => filled(sentenceOf(sentence), values)

/**
 * A sentence about a number of things, shown as {{count}}:
 * `counted(n, '{{count}} person', '{{count}} people')`. A language has as many forms of it as it needs: `…_one`, `…_few`.
 */
export const counted = (count: number, one: string, other: string, values: Values = {}): string => {
  const form = plurals.select(count)
  const said = sentenceOf(`${other}_${form}`)
  const known = said === `${other}_${form}` ? (form === 'one' ? one : other) : said
  return filled(known, { ...values, count })
}

/** Put values in their places, each once. */
export const filled = (piece: string, values: Values): string => {
  const said = readable(values)
  return piece.replace(/\{\{\s*(\w+)\s*\}\}/g, (hole, name: string) => (Object.hasOwn(said, name) ? (said[name] ?? '') : hole))
}
