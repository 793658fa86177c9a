/** What happened at a stage of a trace, as a sentence a person can act on. */

import type { TraceMoment } from '~/api/types'
import { exitWords } from '~/pages/runs/graph'
import { armWords, notEnteredWords } from '~/words/entries'
import { capital, withheldWords } from '~/words/happenings'
import { t } from '~/words/language'
import { clockSeconds, shortDay } from '~/words/moments'
import { told } from '~/words/told'

export interface Said {
  words: string
  detail: string
  tone: 'good' | 'bad' | 'plain'
}

const STATES: Record<string, [string, Said['tone']]> = {
  sent: [t('The provider took it'), 'good'],
  failed: [t('The provider refused it'), 'bad'],
  in_doubt: [t('The provider never answered'), 'bad'],
  pending: [t('A message waits to go'), 'plain'],
  handed_over: [t('It was handed to the provider'), 'plain'],
  delivered: [t('It was delivered'), 'good'],
  bounced: [t('It bounced'), 'bad'],
}

const RENDERED: Record<string, [string, Said['tone']]> = {
  rendered: [t('It was put into words'), 'plain'],
  withheld: [t('Its template called it off'), 'bad'],
  failed: [t('It could not be put into words'), 'bad'],
}

const BY_THEM: Record<string, [string, Said['tone']]> = {
  opened: [t('They opened it'), 'good'],
  clicked: [t('They clicked in it'), 'good'],
  replied: [t('They answered it'), 'good'],
  unsubscribed: [t('They unsubscribed by it'), 'bad'],
  complained: [t('They complained of it'), 'bad'],
}

export function momentWords({ stage, outcome, step, reason }: TraceMoment): Said {
  switch (stage) {
    case 'event':
      return { words: t('They did “{{event}}”', { event: outcome }), detail: reason, tone: 'plain' }
    case 'run':
      return { words: t('Their turn came in a run'), detail: told(reason), tone: 'plain' }
    case 'entry':
      return outcome === 'entered'
        ? { words: t('They entered'), detail: t('{{arm}} arm', { arm: armWords(reason) }), tone: 'good' }
        : { words: t('They did not enter'), detail: notEnteredWords(reason), tone: 'bad' }
    case 'step':
      return { words: t('Step {{step}}', { step }), detail: t('left by {{exit}}', { exit: exitWords(outcome) }), tone: 'plain' }
    case 'gate':
      return outcome === 'withheld'
        ? { words: t('The gate withheld the message'), detail: capital(withheldWords(reason)), tone: 'bad' }
        : { words: t('The gate let the message pass'), detail: reason, tone: 'good' }
    case 'segment':
      return { words: outcome === 'left' ? t('They went out of a segment') : t('They came into a segment'), detail: reason, tone: 'plain' }
    case 'render': {
      const [words, tone] = RENDERED[outcome] ?? [capital(readable(outcome)), 'plain']
      return { words, detail: told(reason), tone }
    }
    case 'send':
    case 'provider':
    case 'person': {
      const [words, tone] = (stage === 'person' ? BY_THEM : STATES)[outcome] ?? [capital(readable(outcome)), 'plain']
      // Who opens a message is a person unless it is said otherwise.
      return { words, detail: reason === 'human' ? '' : reason === 'machine' ? t('by a machine') : until(reason), tone }
    }
    case 'waiting':
      return { words: t('They wait at {{step}}', { step }), detail: until(reason), tone: 'plain' }
    case 'left':
      return { words: t('They left'), detail: readable(outcome), tone: 'plain' }
    default:
      return { words: capital(readable(outcome)), detail: told(reason), tone: 'plain' }
  }
}

const readable = (name: string) => name.replace(/_/g, ' ')

/** "quiet_hours until 2026-11-22T06:27:40.063Z" in words, and in the reader's own clock. */
const until = (reason: string) =>
  told(reason.replace(/^[a-z_]+(?= until )/, (why) => capital(withheldWords(why)))).replace(/until (\d{4}-\d\d-\d\dT\S+Z)/g, (whole, at: string) =>
    Number.isNaN(Date.parse(at)) ? whole : t('until {{moment}}', { moment: `${shortDay(at, new Date())}, ${clockSeconds(at)}` }),
  )
