import { t } from '~/words/language'
import type { Step } from './progress'

/** What each step is called. */
export const STEP_WORDS: Record<Step, () => string> = {
  source: () => t('Connect a source'),
  event: () => t('See the first person'),
  message: () => t('Send the first message'),
  segment: () => t('Save the first segment'),
  journey: () => t('Make the first journey'),
}
