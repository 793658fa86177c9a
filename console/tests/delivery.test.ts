import { describe, expect, it } from 'vitest'
import { goesWhen } from '~/pages/delivery/goesWhen'
import { firstEntry } from '~/pages/runs/firstEntry'

const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 30)

describe('when a message goes', () => {
  it('is a time today, and has its day on any other', () => {
    const now = at(23, 23)
    expect(goesWhen(at(23, 23).toISOString(), now)).toBe('23:30:00')
    expect(goesWhen(at(24, 2).toISOString(), now)).toMatch(/24.*02:30$/)
    expect(goesWhen(at(30, 23).toISOString(), now)).toMatch(/30.*23:30$/)
  })
})

describe('when a schedule first lets somebody in', () => {
  it('is never in the past', () => {
    expect(firstEntry(at(24, 9).toISOString(), at(23, 9))).toMatch(/24.*09:30$/)
    expect(firstEntry(at(24, 9).toISOString(), at(24, 9))).toBe('At once, where it is time already')
  })
})
