import { describe, expect, it } from 'vitest'
import { firstEntry } from '~/pages/runs/firstEntry'

const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 30)

describe('when a schedule first lets somebody in', () => {
  it('is never in the past', () => {
    expect(firstEntry(at(24, 9).toISOString(), at(23, 9))).toMatch(/24.*09:30$/)
    expect(firstEntry(at(24, 9).toISOString(), at(24, 9))).toBe('At once, where it is time already')
  })
})
