/** Where a new journey can begin: nothing, or one of a few that work as they are and are meant to be changed. */

import { t } from '~/words/language'
import type { Fields } from '../graph'
import type { Definition } from './draft'

export interface Starter {
  key: string
  name: () => string
  what: () => string
  definition: (id: string, name: string) => Definition
}

const DAY = 86_400
const HOUR = 3_600

const ordered: Fields = { type: 'did', event: 'Order Completed', at_least: 1 }

const mail = (subject: string, text: string, sent: string) => ({
  type: 'send',
  channel: 'email',
  template: { subject, text },
  exits: { sent, withheld: sent },
})

export const STARTERS: Starter[] = [
  {
    key: 'empty',
    name: () => t('From nothing'),
    what: () => t('A step that lets people in, and an end. Everything between is yours.'),
    definition: (id, name) => ({
      id,
      name,
      holdout: 0.1,
      goal: { event: 'Order Completed', within_seconds: 7 * DAY },
      start: 'start',
      steps: { start: { type: 'trigger', event: '', again: 'once', exits: { entered: 'end' } }, end: { type: 'exit' } },
    }),
  },
  {
    key: 'cart-rescue',
    name: () => t('Cart rescue'),
    what: () => t('Who starts a checkout and does not order within an hour gets a mail, and a second one a day later if that did not help.'),
    definition: (id, name) => ({
      id,
      name,
      holdout: 0.1,
      goal: { event: 'Order Completed', within_seconds: 3 * DAY },
      start: 'checkout',
      steps: {
        checkout: { type: 'trigger', event: 'Checkout Started', again: 'after_exit', cool_down_seconds: 3 * DAY, exits: { entered: 'ordered' } },
        ordered: { type: 'until', event: 'Order Completed', seconds: HOUR, exits: { happened: 'rescued', expired: 'reminder' } },
        reminder: mail(t('Your cart is waiting'), t('You left something in your cart. It is still there whenever you are ready.'), 'later'),
        later: { type: 'until', event: 'Order Completed', seconds: DAY, exits: { happened: 'rescued', expired: 'last-call' } },
        'last-call': mail(t('Still thinking about it?'), t('Your cart is still there. If something is unclear, just answer this mail.'), 'end'),
        rescued: { type: 'goal' },
        end: { type: 'exit' },
      },
    }),
  },
  {
    key: 'welcome',
    name: () => t('Welcome'),
    what: () => t('Who signs up is greeted at once; who has not ordered after three days is asked what is missing.'),
    definition: (id, name) => ({
      id,
      name,
      holdout: 0.1,
      goal: { event: 'Order Completed', within_seconds: 14 * DAY },
      start: 'signed-up',
      steps: {
        'signed-up': { type: 'trigger', event: 'Signed Up', again: 'once', exits: { entered: 'hello' } },
        hello: mail(t('Welcome'), t('Good to have you here. Answer this mail whenever you have a question.'), 'first-order'),
        'first-order': { type: 'until', event: 'Order Completed', seconds: 3 * DAY, exits: { happened: 'ordered', expired: 'anything-missing' } },
        'anything-missing': mail(t('Is anything missing?'), t('You signed up a few days ago. Tell us what you are looking for, and we help you find it.'), 'end'),
        ordered: { type: 'goal' },
        end: { type: 'exit' },
      },
    }),
  },
  {
    key: 'win-back',
    name: () => t('Win-back'),
    what: () => t('Every week, who ordered before and not for sixty days hears from you once; nobody more often than every ninety days.'),
    definition: (id, name) => ({
      id,
      name,
      holdout: 0.1,
      goal: { event: 'Order Completed', within_seconds: 14 * DAY },
      start: 'weekly',
      steps: {
        weekly: {
          type: 'recurring',
          at: ['10:00'],
          days: ['tuesday'],
          audience: { type: 'all', of: [ordered, { type: 'not', of: { ...ordered, within_days: 60 } }] },
          cool_down_seconds: 90 * DAY,
          exits: { entered: 'miss-you' },
        },
        'miss-you': mail(t('It has been a while'), t('You have not been here for a while. Here is what is new since then.'), 'end'),
        end: { type: 'exit' },
      },
    }),
  },
]

export const starterCalled = (key: string | undefined): Starter => STARTERS.find((each) => each.key === key) ?? STARTERS[0]!
