/** Where a new campaign can begin: one of a few that can be published as they are, and are meant to be changed. */

import { t } from '~/words/language'
import type { Definition } from '../runs/editor/draft'
import type { Fields } from '../runs/graph'

export interface Starter {
  key: string
  name: () => string
  what: () => string
  definition: (id: string, name: string) => Definition
}

const HOUR = 3_600
const DAY = 24 * HOUR

const mail = (subject: string, text: string): Fields => ({ channel: 'email', template: { subject, text } })

const campaign = (id: string, name: string, parts: { trigger: Fields; unless?: Fields; send: Fields }): Definition => ({
  id,
  name,
  holdout: 0.1,
  goal: { event: 'Order Completed', within_seconds: 7 * DAY },
  budget: null,
  unless: null,
  ...parts,
})

/** Tomorrow at nine, as a clock on a wall says it. */
function tomorrow(): string {
  const day = new Date()
  day.setDate(day.getDate() + 1)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T09:00`
}

export const STARTERS: Starter[] = [
  {
    key: 'once',
    name: () => t('Once'),
    what: () => t('One message to an audience at a time you name, by each person’s own clock or by one for all.'),
    definition: (id, name) => campaign(id, name, { trigger: { type: 'dates', at: [tomorrow()] }, send: mail(t('News for you'), t('Here is what is new.')) }),
  },
  {
    key: 'weekly',
    name: () => t('Every week'),
    what: () => t('The same audience again and again, on the days of the week or of the month you choose.'),
    definition: (id, name) => campaign(id, name, { trigger: { type: 'recurring', at: ['09:00'], days: ['monday'] }, send: mail(t('This week'), t('Here is what is new this week.')) }),
  },
  {
    key: 'after',
    name: () => t('After something they do'),
    what: () => t('Who starts a checkout and does not order within an hour gets a message.'),
    definition: (id, name) =>
      campaign(id, name, {
        trigger: { type: 'trigger', event: 'Checkout Started', again: 'after_exit', cool_down_seconds: 3 * DAY },
        unless: { event: 'Order Completed', seconds: HOUR },
        send: mail(t('Your cart is waiting'), t('You left something in your cart. It is still there whenever you are ready.')),
      }),
  },
  {
    key: 'yearly',
    name: () => t('On a day of theirs'),
    what: () => t('A birthday, or any other day that is known of each person.'),
    definition: (id, name) =>
      campaign(id, name, { trigger: { type: 'date_trait', date_trait: 'birthday', yearly: true, at: '09:00' }, send: mail(t('Happy birthday'), t('We wish you a good year.')) }),
  },
]

export const starterCalled = (key: string) => STARTERS.find((each) => each.key === key) ?? STARTERS[0]!
