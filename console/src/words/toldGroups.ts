/**
 * Which people are meant, as the server tells it ("People who did “Order Completed” in the last 30 days."), and what is
 * particular about a step, in the reader's language.
 *
 * Such a sentence is put together of phrases without end, so it is said again phrase by phrase, where the other
 * language has them follow one another in the same order. What is in quotes is a name or a value and is never looked
 * into; nor is what has been said already.
 */
import { inQuotes, numberTold, phrasesTold } from './told'

interface Phrase {
  pattern: RegExp
  said: string
}

/** {{n1}} is a number, {{q1}} something in quotes, {{p1}} a name without; they are counted from 1. */
const HOLE = /\{\{([nqp])\d\}\}/
const FOUND: Record<string, string> = { n: '(\\d[\\d.,]*)', q: '(\\uE000\\d+\\uE001)', p: '([^\\uE000-\\uE003]+?)' }
const QUOTED = /“[^”]*(?:”|$)|"(?:[^"\\]|\\.)*"/g
/** What English says again before every condition but those of traits ("whose plan is …"); no property of that name. */
const WHO = /(?<=^|\(|\band |\bor )who (?!(?:is|has|contains|does|starts|ends)\b)/g

let phrases: Phrase[] = []
let source: Readonly<Record<string, string>> = {}

/** Several people in plain words, or a part of that: a condition. */
export function toldGroup(text: string): string {
  learn()
  if (phrases.length === 0) return text
  return condition(text)
}

function learn() {
  if (source === phrasesTold()) return
  source = phrasesTold()
  phrases = Object.entries(source)
    .sort(([one], [other]) => plain(other).length - plain(one).length)
    .map(([phrase, said]) => ({ pattern: patternOf(phrase), said }))
}

function patternOf(phrase: string): RegExp {
  const pieces = phrase.split(/(\{\{[nqp]\d\}\})/).map((piece) => {
    const kind = HOLE.exec(piece)?.[1]
    return kind ? FOUND[kind] : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${pieces.join('')}(?![\\p{L}\\p{N}_-])`, 'gu')
}

const plain = (phrase: string) => phrase.replace(/\{\{[nqp]\d\}\}/g, '')

function condition(text: string): string {
  const kept: string[] = []
  const keep = (said: string, open: string, close: string) => `${open}${kept.push(said) - 1}${close}`
  const bare = text
    .replace(/[\uE000-\uE004]/g, '')
    .replace(WHO, '')
    .replace(QUOTED, (quoted) => keep(inQuotes(quoted.replace(/^[“"]|[”"]$/g, '').replace(/\\(.)/g, '$1')), '\uE000', '\uE001'))
  const said = phrases.reduce((all, each) => all.replace(each.pattern, (...found) => keep(put(each.said, found), '\uE002', '\uE003')), bare)
  return opened(said, kept)
}

const put = (said: string, found: unknown[]) =>
  said.replace(/\{\{([nqp])(\d)\}\}/g, (_, kind: string, place: string) => {
    const value = String(found[Number(place)])
    return kind === 'n' ? numberTold(value) : value
  })

const opened = (text: string, kept: readonly string[]): string =>
  text.replace(/[\uE000\uE002](\d+)[\uE001\uE003]/g, (_, at: string) => opened(kept[Number(at)] ?? '', kept))
