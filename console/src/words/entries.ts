/** Who entered a journey or campaign and in which arm, and why others did not. */

import { t } from './language'

const ARMS: Record<string, string> = { treated: t('Treated'), holdout: t('Holdout'), global_holdout: t('Global holdout') }

const NOT_ENTERED: Record<string, string> = {
  not_published: t('It was not published yet'),
  other_event: t('Another event'),
  where: t('Event not as the trigger asks'),
  late: t('Reached us too late'),
  no_key: t('No key in the event'),
  other_day: t('Another day, or none in their trait'),
  day_off: t('A day off where they live, or the business was closed'),
  past: t('The hour was past where they live'),
  entered_before: t('Had entered before'),
  still_inside: t('Still inside'),
  cool_down: t('Entered too short a time before'),
  condition: t('Not in the audience any more'),
  unknown: t('Cannot be known at once'),
  too_late: t('After the cut-off'),
  paused: t('It was paused'),
  stopped: t('It was stopped'),
}

export const isArm = (name: string) => name in ARMS

export const armWords = (arm: string) => ARMS[arm] ?? readable(arm)

export const notEnteredWords = (reason: string) => NOT_ENTERED[reason] ?? readable(reason)

const readable = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, ' ')
