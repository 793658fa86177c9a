/** What a message says, taken from parts that may hold anything: only text comes out, and it is shown as text. */

import type { Json, Moment, Properties } from '~/api/types'

export interface Said {
  id: number
  medium: string
  from: string
  at: Moment | null
  parts: Properties
}

export interface Press {
  label: string
  url: string
}

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

export function buttonsOf(parts: Properties): Press[] {
  const buttons = parts['buttons']
  if (!Array.isArray(buttons)) return []
  return buttons.flatMap((each) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return []
    const label = textOf(each['label'])
    return label ? [{ label, url: textOf(each['url']) }] : []
  })
}

/** Every address the message leads to, once each. */
export function addressesOf(parts: Properties): string[] {
  const found = [textOf(parts['url']), textOf(parts['media_url']), ...buttonsOf(parts).map(({ url }) => url)]
  return [...new Set(found.filter(Boolean))]
}

/** The words in Telegram's few tags. The text is parsed, never put into the page as markup. */
export function plainOf(parts: Properties): string {
  const text = textOf(parts['text'])
  if (parts['format'] !== 'html') return text
  return new DOMParser().parseFromString(text, 'text/html').body.textContent ?? ''
}

/** What fills an approved template, one line each. */
export function parametersOf(parts: Properties): string[] {
  const parameters = parts['parameters']
  return Array.isArray(parameters) ? parameters.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))) : []
}

export type Screen = 'lock' | 'chats' | 'app'

const SCREENS: Record<string, Screen> = {
  mobile_push: 'lock',
  web_push: 'lock',
  sms: 'chats',
  whatsapp: 'chats',
  telegram: 'chats',
  slack: 'chats',
  in_app: 'app',
  inbox: 'app',
}

/** Where on a phone it shows; null for what does not show on one. */
export const screenOf = (medium: string): Screen | null => SCREENS[medium] ?? null
