/** Which number the people of a cell are behind, in a few words. */
import { t } from '~/words/language'
import { type Answer, type CellKey, partWords, periodWords, wordFor } from './answer'
import { periodOf } from './body'
import { stageName } from './kinds/lifecycle'
import { cellName } from './kinds/rfm'
import type { Question } from './question'
import { actWords } from './questionWords'

const WINDOWS = () => ({ day: t('active that day'), week: t('active in the 7 days up to it'), month: t('active in the 30 days up to it') })
const STATES = () => ({ there: '', gone: t('who were gone'), within: t('back within that time'), came_back: t('back on that very day'), at_risk: t('still away by then'), not_yet: t('not back yet') })
const WHO = () => ({ all: '', buyers: t('who ordered'), payers: t('who paid in this currency'), repeat: t('with two orders or more'), loyal: t('who are loyal') })

export function cellWords(question: Question, cell: CellKey, answer: Pick<Answer, 'time_zone'>): string[] {
  const day = (value: CellKey[string] | undefined) => periodWords(String(value), periodOf(question) ?? 'day', answer.time_zone, true)
  const words = Object.entries(cell).map(([name, value]): string => {
    if (value === null) return ''
    const text = String(value)
    switch (name) {
      case 'start':
      case 'cohort':
        return day(value)
      case 'breakdown':
      case 'source':
      case 'row':
      case 'column':
      case 'from_event':
      case 'behaviour':
        return text
      case 'to_event':
        return `→ ${text}`
      case 'part':
      case 'row_part':
      case 'column_part':
        return value === 'value' ? '' : partWords(null, text)
      case 'from_part':
        return value === 'value' ? '' : partWords(null, text)
      case 'to_part':
        return value === 'value' ? '' : `→ ${partWords(null, text)}`
      case 'step':
        return question.kind === 'funnel'
          ? cell['lost'] === true
            ? t('lost before {{step}}', { step: actWords(question.steps[Number(value) - 1]) })
            : t('reached {{step}}', { step: actWords(question.steps[Number(value) - 1]) })
          : t('step {{number}}', { number: text })
      case 'from_seconds':
        return t('from {{seconds}} s on', { seconds: text })
      case 'period':
        return t('period {{number}}', { number: text })
      case 'stage':
        return stageName(text)
      case 'stage_before':
        return t('from {{stage}}', { stage: stageName(text) })
      case 'not_there_before':
        return t('not there before')
      case 'window':
        return wordFor(WINDOWS(), text)
      case 'state':
        return wordFor(STATES(), text)
      case 'who':
        return wordFor(WHO(), text)
      case 'days':
        return cell['or_more'] === true ? t('on {{days}} days or more', { days: text }) : t('on {{days}} days', { days: text })
      case 'times':
        return cell['did'] === false ? t('did not do it {{times}} times', { times: text }) : t('at least {{times}} times', { times: text })
      case 'stayed':
        return value ? t('stayed') : t('did not stay')
      case 'recency':
        return t('recency {{score}}', { score: text })
      case 'worth':
        return t('worth {{score}}', { score: text })
      case 'cell':
        return cellName(text)
      case 'from_cell':
        return cellName(text)
      case 'to_cell':
        return `→ ${cellName(text)}`
      case 'gold':
        return value ? t('Gold') : ''
      case 'of':
        return text.toUpperCase()
      case 'lost':
      case 'or_more':
      case 'did':
        return ''
      default:
        return `${name} ${text}`
    }
  })
  return words.filter((word) => word !== '')
}
