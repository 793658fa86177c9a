/** What happened at a stage of a trace, as a sentence a person can act on. */

import type { TraceMoment } from '~/api/types'
import { armWords, notEnteredWords } from '~/words/entries'
import { capital, withheldWords } from '~/words/happenings'
import { clockSeconds, shortDay } from '~/words/moments'

export interface Said {
  words: string
  detail: string
  tone: 'good' | 'bad' | 'plain'
}

const STATES: Record<string, [string, Said['tone']]> = {
  sent: ['The provider took it', 'good'],
  failed: ['The provider refused it', 'bad'],
  in_doubt: ['The provider never answered', 'bad'],
  pending: ['A message waits to go', 'plain'],
  handed_over: ['It was handed to the provider', 'plain'],
}

export function told({ stage, outcome, step, reason }: TraceMoment): Said {
  switch (stage) {
    case 'event':
      return { words: `They did “${outcome}”`, detail: reason, tone: 'plain' }
    case 'run':
      return { words: 'Their turn came in a run', detail: reason, tone: 'plain' }
    case 'entry':
      return outcome === 'entered'
        ? { words: 'They entered', detail: `${armWords(reason)} arm`, tone: 'good' }
        : { words: 'They did not enter', detail: notEnteredWords(reason), tone: 'bad' }
    case 'step':
      return { words: `Step ${step}`, detail: `left by ${readable(outcome)}`, tone: 'plain' }
    case 'gate':
      return outcome === 'withheld'
        ? { words: 'The gate withheld the message', detail: capital(withheldWords(reason)), tone: 'bad' }
        : { words: 'The gate let the message pass', detail: reason, tone: 'good' }
    case 'send':
    case 'provider': {
      const [words, tone] = STATES[outcome] ?? [capital(readable(outcome)), 'plain']
      return { words, detail: until(reason), tone }
    }
    case 'person':
      return { words: `They ${outcome} it`, detail: reason, tone: 'good' }
    case 'waiting':
      return { words: `They wait at ${step}`, detail: until(reason), tone: 'plain' }
    case 'left':
      return { words: 'They left', detail: readable(outcome), tone: 'plain' }
    default:
      return { words: capital(readable(outcome)), detail: reason, tone: 'plain' }
  }
}

const readable = (name: string) => name.replace(/_/g, ' ')

/** "until 2026-11-22T06:27:40.063Z" in the reader's own clock. */
const until = (reason: string) =>
  reason.replace(/\d{4}-\d\d-\d\dT\S+Z/g, (at) => (Number.isNaN(Date.parse(at)) ? at : `${shortDay(at, new Date())}, ${clockSeconds(at)}`))
