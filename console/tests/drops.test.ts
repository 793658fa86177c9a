import { describe, expect, it } from 'vitest'
import { drops } from '~/pages/overview/drops'

const days = (...counts: number[]) => counts
const of = (counts: number[], event = 'Order Completed') => drops(new Map([[event, counts]]))
const usual = [120, 140, 130, 90, 100, 110, 125]

describe('events that come far less than before', () => {
  it('are told with what is usual and since when', () => {
    expect(of(days(...usual, ...usual.slice(0, 6), 3))).toEqual([{ event: 'Order Completed', now: 3, usual: 90, days: 1 }])
    expect(of(days(...usual, 120, 130, 140, 150, 8, 4, 0))).toEqual([{ event: 'Order Completed', now: 0, usual: 100, days: 3 }])
  })

  it('are still told after a week, and then are the usual', () => {
    expect(of(days(...usual, 0, 0, 0, 0, 0, 0, 0))).toHaveLength(1)
    expect(of(days(...usual.slice(1), 0, 0, 0, 0, 0, 0, 0, 0))).toEqual([])
  })

  it('are none where a quarter still comes, where few came anyway, or weekends are quiet', () => {
    expect(of(days(...usual, ...usual.slice(0, 6), 23))).toEqual([])
    expect(of(days(...usual, ...usual.slice(0, 6), 22))).toHaveLength(1)
    expect(of(Array.from({ length: 14 }, (_, day) => (day === 13 ? 0 : 19)))).toEqual([])
    expect(of(days(200, 200, 200, 200, 200, 5, 4, 200, 200, 200, 200, 200, 6, 3))).toEqual([])
  })

  it('are none where no whole week stands before', () => {
    expect(of(days(0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 100, 0))).toEqual([])
    expect(of(days(100, 0))).toEqual([])
  })

  it('are the largest first, and none of those we bring about ourselves', () => {
    const dropped = drops(
      new Map([
        ['Seen', [...usual.map((each) => each - 50), ...usual.slice(0, 6), 1]],
        ['Message Sent', [...usual, ...usual.slice(0, 6), 0]],
        ['Order Completed', [...usual, ...usual.slice(0, 6), 0]],
      ]),
    )
    expect(dropped.map(({ event }) => event)).toEqual(['Order Completed', 'Seen'])
  })
})
