import type { Run } from '~/api/types'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { stepDefinition } from './graph'

/** The channels a journey or campaign writes by, in words. */
export function channelsOf(run: Run): string {
  const names = run.steps
    .map((step) => (step.type === 'webhook' ? 'webhook' : step.type === 'send' ? stepDefinition(run, step)['channel'] : null))
    .filter((channel) => typeof channel === 'string')
  return [...new Set(names)].map(channelName).join(', ') || t('None')
}
