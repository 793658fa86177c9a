/** How an event reads on a timeline: a verb, a family that gives icon and colour, and one line of detail. */

import type { HappenedEvent, Json, Properties } from '~/api/types'
import { counted, t } from './language'
import { moneyMajor } from './money'
import { duration } from './moments'
import { told } from './told'

export type Family =
  | 'cart' | 'order' | 'view' | 'message' | 'opened' | 'clicked' | 'withheld' | 'failed'
  | 'journey' | 'left' | 'person' | 'session' | 'search' | 'consent' | 'link' | 'star' | 'other'

interface Phrase {
  verb: string
  family: Family
}

const KNOWN: Record<string, Phrase> = {
  'Order Completed': { verb: t('placed order'), family: 'order' },
  'Order Refunded': { verb: t('got a refund'), family: 'order' },
  'Product Added': { verb: t('added to cart'), family: 'cart' },
  'Cart Added': { verb: t('added to cart'), family: 'cart' },
  'Product Removed': { verb: t('removed from cart'), family: 'cart' },
  'Cart Viewed': { verb: t('viewed cart'), family: 'cart' },
  'Checkout Started': { verb: t('started checkout'), family: 'cart' },
  'Product Viewed': { verb: t('viewed product'), family: 'view' },
  'Page Viewed': { verb: t('viewed page'), family: 'view' },
  'Screen Viewed': { verb: t('viewed screen'), family: 'view' },
  'Products Searched': { verb: t('searched'), family: 'search' },
  'Identified': { verb: t('was identified'), family: 'person' },
  'Signed Up': { verb: t('signed up'), family: 'person' },
  'Signed In': { verb: t('signed in'), family: 'person' },
  'Group Joined': { verb: t('joined a group'), family: 'person' },
  'Aliased': { verb: t('was linked'), family: 'link' },
  'Application Opened': { verb: t('opened the app'), family: 'session' },
  'App Uninstalled': { verb: t('uninstalled the app'), family: 'left' },
  'Journey Entered': { verb: t('entered journey'), family: 'journey' },
  'Journey Left': { verb: t('left journey'), family: 'left' },
  'Campaign Entered': { verb: t('entered campaign'), family: 'journey' },
  'Campaign Left': { verb: t('left campaign'), family: 'left' },
  'Segment Entered': { verb: t('entered segment'), family: 'person' },
  'Segment Left': { verb: t('left segment'), family: 'left' },
  'Message Queued': { verb: t('has a message queued'), family: 'message' },
  'Message Withheld': { verb: t('had a message withheld'), family: 'withheld' },
  'Message Sent': { verb: t('was sent a message'), family: 'message' },
  'Message Failed': { verb: t('had a message fail'), family: 'failed' },
  'Message In Doubt': { verb: t('has a message in doubt'), family: 'failed' },
  'Message Delivered': { verb: t('got a message'), family: 'message' },
  'Message Bounced': { verb: t('had a message bounce'), family: 'failed' },
  'Message Complained': { verb: t('reported spam'), family: 'withheld' },
  'Message Replied': { verb: t('answered message'), family: 'message' },
  'Message Received': { verb: t('wrote to us'), family: 'message' },
  'Message Dismissed': { verb: t('put message away'), family: 'opened' },
  'Message Engagement Reclassified': { verb: t('had a machine recognised'), family: 'other' },
  'Device Gone': { verb: t('lost a device'), family: 'left' },
  'Message Opened': { verb: t('opened message'), family: 'opened' },
  'Message Clicked': { verb: t('clicked in message'), family: 'clicked' },
  'Message Unsubscribed': { verb: t('unsubscribed'), family: 'withheld' },
  'Variant Assigned': { verb: t('was given a variant'), family: 'journey' },
  'Variant Seen': { verb: t('saw a variant'), family: 'view' },
  'Consent Changed': { verb: t('changed consent'), family: 'consent' },
}

/** "Trial Started" reads "started trial"; a name that does not end in a past tense reads as it is. Of a campaign we tell as of a journey. */
export function phrase({ event: name, properties }: Pick<HappenedEvent, 'event' | 'properties'>): Phrase {
  const known = KNOWN[properties['origin_kind'] === 'campaign' ? name.replace(/^Journey/, 'Campaign') : name]
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
  global_holdout: t('in the global holdout'),
  holdout: t('in the holdout'),
  suppressed: t('address is suppressed'),
  no_consent: t('no consent'),
  service_hold: t('waiting for service'),
  too_late: t('too late for this occasion'),
  quiet_hours: t('it was quiet hours'),
  fatigued: t('did not answer the last ones'),
  capped: t('over the contact cap'),
  over_budget: t('over the budget'),
  outranked: t('something mattered more'),
  no_address: t('no address'),
  stopped: t('it was stopped'),
  goal: t('goal was reached'),
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
  return counted(list.length, '{{count}} item', '{{count}} items')
}

const SUBJECTS = ['name', 'product_name', 'product', 'title', 'subject', 'query', 'order_id', 'path', 'url', 'category', 'plan']

export function detail(event: Pick<HappenedEvent, 'event' | 'properties'>): string {
  const own = event.properties
  switch (event.event) {
    case 'Message Withheld':
      return capital(withheldWords(text(own['reason'])))
    case 'Message Failed':
    case 'Message In Doubt':
    case 'Message Bounced':
      return told(text(own['reason']))
    case 'Message Sent':
    case 'Message Queued':
      return [channelName(text(own['channel'])), text(own['step'])].filter(Boolean).join(' · ')
    case 'Message Clicked':
      return text(own['url'])
    case 'Message Opened':
    case 'Message Delivered':
    case 'Device Gone':
      return [channelName(text(own['channel'])), own['agent'] === 'machine' ? t('by a machine') : ''].filter(Boolean).join(' · ')
    case 'Message Received':
      return text(own['text'])
    case 'Segment Entered':
    case 'Segment Left':
      return text(own['segment'])
    case 'Journey Entered':
      if (own['arm'] === 'global_holdout') return t('Global holdout: no marketing is sent')
      return own['arm'] === 'holdout' ? t('Holdout arm: nothing is sent') : t('Treated arm')
    case 'Journey Left':
      return text(own['by']) ? t('Exit: {{name}}', { name: text(own['by']) }) : ''
    case 'Variant Assigned':
    case 'Variant Seen':
      return [text(own['experiment']), text(own['variant'])].filter(Boolean).join(' · ')
    case 'Consent Changed': {
      const of = [text(own['channel']), text(own['topic'])].filter(Boolean).join(', ')
      return `${of}: ${own['granted'] === false ? t('withdrawn') : t('granted')}`
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
  email: t('Email'),
  sms: t('SMS'),
  whatsapp: t('WhatsApp'),
  telegram: t('Telegram'),
  mobile_push: t('Mobile push'),
  web_push: t('Web push'),
  in_app: t('In-app'),
  inbox: t('App inbox'),
  slack: t('Slack'),
  webhook: t('Webhook'),
}

/** Every channel there is, in the order lists have them. */
export const CHANNEL_NAMES = Object.keys(CHANNELS)

export function channelName(channel: string): string {
  return CHANNELS[channel] ?? capital(channel.replace(/_/g, ' '))
}

export const goalWords = (goal: { event: string; within_seconds: number }) =>
  t('{{event}} within {{time}}', { event: goal.event, time: duration(goal.within_seconds) })
