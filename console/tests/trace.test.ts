import { describe, expect, it } from 'vitest'
import type { Simulation } from '~/api/types'
import { momentWords } from '~/pages/person/traceWords'
import { byReason, daysOf, outcome, perDay, perStep, wayWords } from '~/pages/runs/simulation'

const moment = { at: '2026-01-01T00:00:00Z', step: '', reason: '', send: '' }

describe('a moment of a trace', () => {
  it('says why the gate withheld, in words', () => {
    const said = momentWords({ ...moment, stage: 'gate', outcome: 'withheld', step: 'mail', reason: 'no_consent' })
    expect(said).toEqual({ words: 'The gate withheld the message', detail: 'No consent', tone: 'bad' })
  })

  it('says which arm somebody entered, and why somebody else did not', () => {
    expect(momentWords({ ...moment, stage: 'entry', outcome: 'entered', reason: 'global_holdout' }).detail).toBe('Global holdout arm')
    expect(momentWords({ ...moment, stage: 'entry', outcome: 'not_entered', reason: 'cool_down' }).detail).toBe('Entered too short a time before')
  })

  it('says of an opening only where a machine did it', () => {
    const details = ['human', 'machine'].map((reason) => momentWords({ ...moment, stage: 'person', outcome: 'opened', reason }).detail)
    expect(details).toEqual(['', 'by a machine'])
  })

  it('says what a message waits for, and until when', () => {
    const said = momentWords({ ...moment, stage: 'send', outcome: 'pending', reason: 'quiet_hours until 2026-01-05T20:00:00.000Z' })
    expect(said.detail).toMatch(/^It was quiet hours until .*\d\d:\d\d/)
  })

  it('tells what its template called off, and which segment led in', () => {
    expect(momentWords({ ...moment, stage: 'render', outcome: 'withheld', reason: 'aborted: sold out' })).toEqual({ words: 'Its template called it off', detail: 'aborted: sold out', tone: 'bad' })
    expect(momentWords({ ...moment, stage: 'segment', outcome: 'entered', reason: 'gold' })).toEqual({ words: 'They came into a segment', detail: 'gold', tone: 'plain' })
  })

  it('tells what it has no words for as it is', () => {
    expect(momentWords({ ...moment, stage: 'moon_phase', outcome: 'half_full', reason: 'x' })).toEqual({ words: 'Half full', detail: 'x', tone: 'plain' })
  })
})

const many = (count: number) => ({ count, low: count - 1, high: count + 2 })
const send = (day: string, what: string, reason: string, count: number) => ({ step: 'mail', channel: 'email', day, outcome: what, reason, ...many(count) })
const simulated = {
  entered: { by_day: [{ day: '2026-01-03', arms: { treated: many(5), holdout: many(1) } }] },
  steps: [{ id: 'in', title: 'In' }, { id: 'mail', title: 'Send' }],
  sends: [send('2026-01-02', 'sent', '', 4), send('2026-01-02', 'withheld', 'capped', 2), send('2026-01-03', 'withheld', 'holdout', 3), send('2026-01-03', 'sent', '', 1)],
  outcomes: { sent: many(5), 'withheld: capped': many(2), 'withheld: holdout': many(3) },
} as unknown as Simulation

describe('a simulation', () => {
  it('adds up what was withheld over its reasons, with the ends of the intervals', () => {
    expect(outcome(simulated, 'withheld')).toEqual({ count: 5, low: 3, high: 9 })
    expect(outcome(simulated, 'sent').count).toBe(5)
    expect(byReason(simulated).map(([reason, { count }]) => [reason, count])).toEqual([['holdout', 3], ['capped', 2]])
  })

  it('is told by day and by step', () => {
    expect(daysOf(simulated)).toEqual(['2026-01-02', '2026-01-03'])
    expect(perDay(simulated, '2026-01-03').entries.count).toBe(6)
    expect(perStep(simulated).map(({ step, sent, withheld, sentByDay }) => [step, sent.count, withheld.count, sentByDay])).toEqual([['mail', 5, 5, [4, 1]]])
  })

  it('calls the steps of a way and their exits as the canvas does', () => {
    const steps = [{ id: 'in', title: 'Signed Up' }, { id: 'nap', title: 'Until Paid' }, { id: 'paid', title: 'Exit' }, { id: 'gone', title: 'Exit' }]
    expect(wayWords({ steps } as unknown as Simulation, ['in: entered', 'nap: expired', 'gone'])).toBe('Signed Up: Entered → Until Paid: Not in time → Exit (gone)')
    expect(wayWords({ steps } as unknown as Simulation, ['in: entered', 'nap', '…'])).toBe('Signed Up: Entered → Until Paid → …')
  })
})
