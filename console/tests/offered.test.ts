import { expect, test } from 'vitest'
import { offered } from '~/parts/offered'

const names = (search: string, limit = Infinity) =>
  offered({ options: ['Order', 'Cart Viewed', 'Order Completed'].map((name) => ({ value: name, label: name })), search, limit }).map((each) => 'label' in each && each.label)

test('part of a name offers what fits it', () => {
  expect(names('order c')).toEqual(['Order Completed'])
  expect(names('nothing of it')).toEqual([])
})

test('a whole name offers what fits it, and then the others', () => {
  expect(names('Order')).toEqual(['Order', 'Order Completed', 'Cart Viewed'])
  expect(names('Order', 2)).toEqual(['Order', 'Order Completed'])
})

test('nothing written offers everything', () => {
  expect(names('')).toEqual(['Order', 'Cart Viewed', 'Order Completed'])
})
