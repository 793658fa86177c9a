import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Properties } from '~/api/types'
import { detail, phrase } from '~/words/happenings'
import { ago, dayHeading, duration } from '~/words/moments'
import { minorPerMajor, money, moneyShort } from '~/words/money'
import { compact, count, percent, points, signed } from '~/words/numbers'
import { initials, personName, readable } from '~/words/people'

describe('numbers', () => {
  it('groups, shortens and knows when there is none', () => {
    expect(count(1234)).toBe('1,234')
    expect(count(-5)).toBe('−5')
    expect(count(null)).toBe('–')
    expect(compact(48_210)).toBe('48.2K')
    expect(percent(0.1309)).toBe('13.1%')
    expect(percent(0.0024)).toBe('0.24%')
    expect(percent(null)).toBe('–')
  })

  it('signs differences with a real minus, and never a signed zero', () => {
    expect(signed(0.92, 2)).toBe('+0.92')
    expect(signed(-0.04)).toBe('0.0')
    expect(points(0.03)).toBe('+3.0 points')
    expect(points(-0.0214)).toBe('−2.1 points')
  })
})

describe('money', () => {
  it('knows the minor units of its currency', () => {
    expect(money(8420, 'EUR')).toBe('€84.20')
    expect(minorPerMajor('JPY')).toBe(1)
    expect(money(500, 'JPY')).toBe('¥500')
    expect(money(-11, 'EUR', true)).toBe('−\u2060€0.11')
    expect(money(272, 'EUR', true)).toBe('+\u2060€2.72')
  })

  it('says beside an axis what money it is', () => {
    expect(moneyShort(4_000_000, 'EUR')).toBe('€40K')
    expect(moneyShort(-150, 'EUR')).toBe('−€1.5')
    expect(moneyShort(1200, 'JPY')).toBe('¥1.2K')
    expect(() => moneyShort(100, 'not a currency')).not.toThrow()
  })

  it('survives a currency nobody registered', () => {
    expect(() => money(100, 'not a currency')).not.toThrow()
  })
})

describe('moments', () => {
  const now = new Date(2026, 10, 21, 14, 30)
  const before = (ms: number) => new Date(now.getTime() - ms).toISOString()

  it('says how long ago', () => {
    expect(ago(before(2_000), now)).toBe('just now')
    expect(ago(before(125_000), now)).toBe('2 min ago')
    expect(ago(before(3 * 3600_000), now)).toBe('3 h ago')
    expect(ago(before(25 * 3600_000), now)).toBe('1 day ago')
    expect(ago(new Date(2026, 9, 2).toISOString(), now)).toBe('2 Oct')
  })

  it('heads days by the calendar, not by 24 hours', () => {
    expect(dayHeading(new Date(2026, 10, 21, 0, 1).toISOString(), now)).toBe('Today')
    expect(dayHeading(new Date(2026, 10, 20, 23, 59).toISOString(), now)).toBe('Yesterday')
    expect(dayHeading(new Date(2026, 10, 19, 12).toISOString(), now)).toBe('Thursday 19 November')
  })

  it('writes lengths in at most two units', () => {
    expect(duration(2700)).toBe('45 min')
    expect(duration(259_200)).toBe('3 days')
    expect(duration(90)).toBe('1 min 30 s')
    expect(duration(0)).toBe('0 s')
  })
})

describe('happenings', () => {
  const verb = (event: string, properties: Properties = {}) => phrase({ event, properties }).verb

  it('puts the act first', () => {
    expect(verb('Order Completed')).toBe('placed order')
    expect(verb('Trial Started')).toBe('started trial')
    expect(verb('zzz')).toBe('zzz')
    expect(verb('Wishlist Item Saved')).toBe('saved wishlist item')
  })

  it('has words for all that we tell ourselves', () => {
    const told = [...readFileSync('../docs/reference/events.md', 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!)
    expect(told).toContain('Message Received')
    // What is made of a name we have no words for, and happens to be the words of these.
    const made = (name: string) => name.toLowerCase().split(' ').reverse().join(' ')
    expect(told.filter((name) => [made(name), name].includes(verb(name)))).toEqual(['Journey Entered', 'Journey Left', 'Message Opened', 'Consent Changed'])
  })

  it('tells a campaign from a journey, and which segment it was', () => {
    expect(verb('Journey Entered', { origin_kind: 'campaign' })).toBe('entered campaign')
    expect(verb('Journey Entered', { origin_kind: 'journey' })).toBe('entered journey')
    expect(detail({ event: 'Segment Left', properties: { segment: 'gold' } })).toBe('gold')
  })

  it('gives one line of detail, whatever the properties are', () => {
    expect(detail({ event: 'Order Completed', properties: { order_id: '80412', revenue: 84.2, currency: 'EUR' } })).toBe('80412 · €84.20')
    expect(detail({ event: 'Message Withheld', properties: { reason: 'holdout', origin: 'cart-rescue' } })).toBe('In the holdout')
    expect(detail({ event: 'X', properties: { name: { nested: true }, revenue: 'much' } })).toBe('')
  })
})

describe('people', () => {
  it('names a person by what is known', () => {
    expect(personName({ traits: { first_name: 'Ana', last_name: 'Sá' }, user_id: 'u', known: true })).toBe('Ana Sá')
    expect(personName({ traits: { name: 7 }, user_id: 'u-1', known: true })).toBe('u-1')
    expect(personName({ traits: {}, user_id: 'anon-9', known: false })).toBe('Someone new')
    expect(initials('Beatriz Rocha')).toBe('BR')
    expect(initials('<script>')).toBe('S')
    expect(initials('🦀')).toBe('?')
    expect(readable('lastOrder_at')).toBe('Last order at')
  })
})
