/** How an event reads on a timeline: a verb, a family that gives icon and colour, and one line of detail. */

import type { HappenedEvent, Json, Properties } from '~/api/types'
import { moneyMajor } from './money'
import { duration } from './moments'

export type Family =
  | 'cart' | 'order' | 'view' | 'message' | 'opened' | 'clicked' | 'withheld' | 'failed'
  | 'journey' | 'left' | 'person' | 'session' | 'search' | 'consent' | 'link' | 'star' | 'other'

interface Phrase {
  verb: string
  family: Family
}

const KNOWN: Record<string, Phrase> = {
  'Order Completed': { verb: 'placed order', family: 'order' },
  'Order Refunded': { verb: 'got a refund', family: 'order' },
  'Product Added': { verb: 'added to cart', family: 'cart' },
  'Cart Added': { verb: 'added to cart', family: 'cart' },
  'Product Removed': { verb: 'removed from cart', family: 'cart' },
  'Cart Viewed': { verb: 'viewed cart', family: 'cart' },
  'Checkout Started': { verb: 'started checkout', family: 'cart' },
  'Product Viewed': { verb: 'viewed product', family: 'view' },
  'Page Viewed': { verb: 'viewed page', family: 'view' },
  'Screen Viewed': { verb: 'viewed screen', family: 'view' },
  'Products Searched': { verb: 'searched', family: 'search' },
  'Identified': { verb: 'was identified', family: 'person' },
  'Signed Up': { verb: 'signed up', family: 'person' },
  'Signed In': { verb: 'signed in', family: 'person' },
  'Group Joined': { verb: 'joined a group', family: 'person' },
  'Aliased': { verb: 'was linked', family: 'link' },
  'Application Opened': { verb: 'opened the app', family: 'session' },
  'App Uninstalled': { verb: 'uninstalled the app', family: 'left' },
  'Journey Entered': { verb: 'entered journey', family: 'journey' },
  'Journey Left': { verb: 'left journey', family: 'left' },
  'Message Queued': { verb: 'has a message queued', family: 'message' },
  'Message Withheld': { verb: 'had a message withheld', family: 'withheld' },
  'Message Sent': { verb: 'was sent a message', family: 'message' },
  'Message Failed': { verb: 'had a message fail', family: 'failed' },
  'Message In Doubt': { verb: 'has a message in doubt', family: 'failed' },
  'Message Opened': { verb: 'opened message', family: 'opened' },
  'Message Clicked': { verb: 'clicked in message', family: 'clicked' },
  'Message Unsubscribed': { verb: 'unsubscribed', family: 'withheld' },
  'Consent Changed': { verb: 'changed consent', family: 'consent' },
}

/** "Trial Started" reads "started trial"; a name that does not end in a past tense reads as it is. */
export function phrase(name: string): Phrase {
  const known = KNOWN[name]
  if (known) return known
  const words = name.trim().split(/\s+/)
  const last = words.at(-1)?.toLowerCase() ?? ''
  const acted = words.length > 1 && /(ed|sent|paid|left|won|lost|made|seen|begun|read)$/.test(last)
  const verb = acted ? [last, ...words.slice(0, -1).map((word) => word.toLowerCase())].join(' ') : name
  return { verb, family: family(verb.toLowerCase()) }
}

function family(verb: string): Family {
  if (/session|app\b/.test(verb)) return 'session'
  if (/cart|checkout|basket/.test(verb)) return 'cart'
  if (/order|purchase|payment|invoice|subscription/.test(verb)) return 'order'
  if (/view|visit|browse|page/.test(verb)) return 'view'
  if (/review|rated|survey|feedback/.test(verb)) return 'star'
  if (/search/.test(verb)) return 'search'
  return 'other'
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const REASONS: Record<string, string> = {
  global_holdout: 'in the global holdout',
  holdout: 'in the holdout',
  suppressed: 'address is suppressed',
  no_consent: 'no consent',
  service_hold: 'waiting for service',
  too_late: 'too late for this occasion',
  quiet_hours: 'it was quiet hours',
  fatigued: 'did not answer the last ones',
  capped: 'over the contact cap',
  over_budget: 'over the budget',
  outranked: 'something mattered more',
  no_address: 'no address',
}

/** Why a message was withheld, in words; a reason nobody has words for is shown as it is. */
export const withheldWords = (reason: string) => REASONS[reason] ?? reason.replace(/_/g, ' ')

const text = (value: Json | undefined) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

function price(properties: Properties): string {
  const amount = properties['revenue'] ?? properties['total'] ?? properties['value'] ?? properties['price']
  const major = typeof amount === 'string' ? Number(amount) : amount
  if (typeof major !== 'number' || !Number.isFinite(major)) return ''
  const currency = text(properties['currency'])
  return currency ? moneyMajor(major, currency) : String(major)
}

function items(properties: Properties): string {
  const list = properties['products']
  if (!Array.isArray(list)) return ''
  return list.length === 1 ? '1 item' : `${list.length} items`
}

const SUBJECTS = ['name', 'product_name', 'product', 'title', 'subject', 'query', 'order_id', 'path', 'url', 'category', 'plan']

export function detail(event: Pick<HappenedEvent, 'event' | 'properties'>): string {
  const own = event.properties
  switch (event.event) {
    case 'Message Withheld':
      return [capital(withheldWords(text(own['reason']))), text(own['origin'])].filter(Boolean).join(' · ')
    case 'Message Failed':
    case 'Message In Doubt':
      return text(own['reason'])
    case 'Message Sent':
    case 'Message Queued':
      return [channelName(text(own['channel'])), text(own['step'])].filter(Boolean).join(' · ')
    case 'Message Clicked':
      return text(own['url'])
    case 'Message Opened':
      return [channelName(text(own['channel'])), own['agent'] === 'machine' ? 'by a machine' : ''].filter(Boolean).join(' · ')
    case 'Journey Entered':
      if (own['arm'] === 'global_holdout') return 'Global holdout: no marketing is sent'
      return own['arm'] === 'holdout' ? 'Holdout arm: nothing is sent' : 'Treated arm'
    case 'Journey Left':
      return text(own['by']) ? `Exit: ${text(own['by'])}` : ''
    case 'Consent Changed': {
      const of = [text(own['channel']), text(own['topic'])].filter(Boolean).join(', ')
      return `${of}: ${own['granted'] === false ? 'withdrawn' : 'granted'}`
    }
    default: {
      const subject = SUBJECTS.map((name) => text(own[name])).find(Boolean) ?? ''
      return [subject, items(own), price(own)].filter(Boolean).join(' · ')
    }
  }
}

/** The journey or campaign an event of ours belongs to, for the chip beside the verb. */
export function origin(event: Pick<HappenedEvent, 'properties' | 'source'>): string {
  return event.source === 'holdfast' ? text(event.properties['origin']) : ''
}

const CHANNELS: Record<string, string> = {
  email: 'Email',
  sms: 'SMS',
  whatsapp: 'WhatsApp',
  telegram: 'Telegram',
  mobile_push: 'Mobile push',
  web_push: 'Web push',
  in_app: 'In-app',
  inbox: 'App inbox',
  slack: 'Slack',
  webhook: 'Webhook',
}

/** Every channel there is, in the order lists have them. */
export const CHANNEL_NAMES = Object.keys(CHANNELS)

export function channelName(channel: string): string {
  return CHANNELS[channel] ?? capital(channel.replace(/_/g, ' '))
}

export const goalWords = (goal: { event: string; within_seconds: number }) =>
  `${goal.event} within ${duration(goal.within_seconds)}`
