/** Who entered a journey or campaign and in which arm, and why others did not. */

const ARMS: Record<string, string> = { treated: 'Treated', holdout: 'Holdout', global_holdout: 'Global holdout' }

const NOT_ENTERED: Record<string, string> = {
  not_published: 'It was not published yet',
  other_event: 'Another event',
  where: 'Event not as the trigger asks',
  late: 'Reached us too late',
  no_key: 'No key in the event',
  other_day: 'Another day, or none in their trait',
  day_off: 'A day off where they live',
  past: 'The hour was past where they live',
  entered_before: 'Had entered before',
  still_inside: 'Still inside',
  cool_down: 'Entered too short a time before',
  condition: 'Not in the audience any more',
  unknown: 'Cannot be known at once',
  too_late: 'After the cut-off',
  paused: 'It was paused',
  stopped: 'It was stopped',
}

export const isArm = (name: string) => name in ARMS

export const armWords = (arm: string) => ARMS[arm] ?? readable(arm)

export const notEnteredWords = (reason: string) => NOT_ENTERED[reason] ?? readable(reason)

const readable = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replace(/_/g, ' ')
