/**
 * What the server declares for people to read (fields and help of steps, conditions, channels, providers and settings),
 * in the reader's language.
 *
 * The English text is the key, as in `language.ts`; a field goes by its name, a choice by `field.choice`. The dictionary
 * is a file of its own, fetched along with the first declarations: who only looks needs none of it. What there is to
 * say, `python -m holdfast.cli.declared_words` tells, and `tests/unit/docs/test_declared_words.py` holds every language to it.
 */
import { type Language, language } from './language'
import { readable } from './people'

interface Dictionary {
  names: Readonly<Record<string, string>>
  choices: Readonly<Record<string, string>>
  texts: Readonly<Record<string, string>>
}

const DICTIONARIES: Partial<Record<Language, () => Promise<{ default: Dictionary }>>> = {
  de: () => import('./languages/de.declared.json'),
}

let dictionary: Dictionary = { names: {}, choices: {}, texts: {} }

/** Load what declarations say in a language: the reader's, unless another is wanted. */
export async function learnDeclared(wanted: Language = language()): Promise<void> {
  const found = await DICTIONARIES[wanted]?.()
  if (found) dictionary = found.default
}

/** An answer with declarations in it, once the words to show them with are here as well. */
export async function withDeclared<T>(answer: Promise<T>): Promise<T> {
  // Without its words a form still says in English what it asks: better than no form.
  const [found] = await Promise.all([answer, learnDeclared().catch(() => undefined)])
  return found
}

const known = (words: Readonly<Record<string, string>>, key: string): string | null => (Object.hasOwn(words, key) && words[key]) || null

/** A label or help as the server declares it. */
export const declared = (text: string): string => known(dictionary.texts, text) ?? text

/** What a declared field is called: "api_url" → "API URL". What people say letter by letter is written so. */
export const fieldName = (name: string): string =>
  known(dictionary.names, name) ?? readable(name).replace(/\b(api|dkim|html|id|mjml|sid|ttl|url)\b/gi, (word) => word.toUpperCase())

/** What one of the choices of a declared field is called. */
export const choiceName = (field: string, choice: string): string => known(dictionary.choices, `${field}.${choice}`) ?? readable(choice)
