import { expect, it } from 'vitest'
import { newestFirst } from '~/api/feed'
import type { LiveEvent } from '~/api/types'
import { sharedRange, leaning } from '~/parts/Interval'
import { niceTicks } from '~/parts/scale'
import { address, route } from '~/api/client'

const event = (id: string) => ({ message_id: id }) as LiveEvent

it('keeps the newest first, each once, and no more than asked', () => {
  const kept = newestFirst([event('b'), event('c')], [event('b'), event('a')], 3)
  expect(kept.map(({ message_id }) => message_id)).toEqual(['c', 'b', 'a'])
  expect(newestFirst([event('d')], kept, 2)).toHaveLength(2)
})

it('leans only when the interval is clear of zero', () => {
  const effect = (low: number, high: number) => ({ status: 'estimated', difference: (low + high) / 2, low, high, confidence: 0.95, relative: null }) as const
  expect(leaning(effect(0.1, 0.2))).toBe('good')
  expect(leaning(effect(-0.2, -0.1))).toBe('bad')
  expect(leaning(effect(-0.1, 0.2))).toBe('neutral')
  const [low, high] = sharedRange([effect(0.1, 0.2), undefined])
  expect(low).toBeLessThan(0)
  expect(high).toBeGreaterThan(0.2)
})

it.each([1, 3, 7, 99, 4321, 60_000])('has few round ticks that hold %d', (top) => {
  const ticks = niceTicks(top)
  expect(ticks[0]).toBe(0)
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(top)
  expect(ticks.length).toBeLessThanOrEqual(6)
  expect(ticks.every(Number.isInteger)).toBe(true)
})

it('escapes data in addresses', () => {
  expect(route`/api/people/${'a/b ?#'}/events`).toBe('/api/people/a%2Fb%20%3F%23/events')
  expect(address('/api/people', { text: 'a&b', page: null, none: '' })).toBe('/api/people?text=a%26b')
})
