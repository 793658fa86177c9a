import type { Run } from '~/api/types'
import { channelName } from '~/words/happenings'
import { stepDefinition } from './graph'

/** The channels a journey or campaign writes by, in words. */
export function channelsOf(run: Run): string {
  const names = run.steps
    .filter((step) => step.type === 'send')
    .map((step) => stepDefinition(run, step)['channel'])
    .filter((channel) => typeof channel === 'string')
  return [...new Set(names)].map(channelName).join(', ') || 'None'
}
