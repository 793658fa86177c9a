import { describe, expect, it } from 'vitest'
import type { Properties } from '~/api/types'
import { asSheet, asText, sheetOf } from '~/pages/experiments/copied'
import { aGoal, aMetric, decidingOf, definitionOf, draftOf, evenly, FRESH, isWhole, wholeShare } from '~/pages/experiments/draft'
import { spread } from '~/pages/experiments/pictures'
import { trialSearch } from '~/pages/experiments/search'
import { termOf, termsOf } from '~/pages/experiments/terms'
import type { Comparison, Found, Metric, Trial } from '~/pages/experiments/trials'
import { verdictOf } from '~/pages/experiments/verdict'

const NOW = new Date('2026-03-01T00:00:00Z')
const DAY = 86_400

const metric = (name: string, more: Partial<Metric> = {}): Metric => ({
  name, events: ['Order Completed'], measure: 'did', after_seconds: 0, within_seconds: 7 * DAY, cap: null, is_guardrail: false, worse: null, is_money: false, adds_up: null, per: [], ...more,
})

const found = (value: number, low: number, high: number): Found => ({ status: 'estimated', value, low, high, confidence: 0.95, p_value: 0.01 })
const unsaid: Found = { status: 'inconclusive', reason: 'only 7 of ‘bold’ have been through the whole time: it takes 10' }

const compared = (variant: string, difference: Found, more: Partial<Comparison> = {}): Comparison => ({
  variant, base: 'control', metric: 'conversion_7d', segment: null, people: 2_000, look: 0, difference, ratio: unsaid, in_all: unsaid, exposed: unsaid, adjusted: false, variance_cut: 0,
  p_adjusted: null, is_sure: difference.status === 'estimated' && (difference.low > 0 || difference.high < 0), better: null, loss: null, guardrail: null, ...more,
})

function trial(comparisons: Comparison[], more: Partial<Trial> = {}): Trial {
  const names = ['control', ...new Set(comparisons.map(({ variant }) => variant))]
  return {
    experiment: 'colour',
    kind: 'experiment',
    question: {
      metrics: [metric('conversion_7d'), metric('revenue_7d', { measure: 'revenue', is_money: true }), metric('conversion_28d', { within_seconds: 28 * DAY }), metric('left_7d', { events: ['Message Unsubscribed'], is_guardrail: true, worse: 'more' })],
      before_seconds: 30 * DAY, trait: null, weighted: false, since: null, natural_bracket: false,
    },
    as_of: NOW.toISOString(), code_version: '1.0', currency: 'EUR', first_assigned: '2026-01-30T00:00:00Z', last_assigned: '2026-02-28T00:00:00Z', base: 'control',
    variants: names.map((variant) => ({ variant, people: 1_000, exposed: 900, designed_share: 0.5, figures: { conversion_7d: { people: 900, open_people: 100, total: 90, mean: 0.1 } } })),
    apart_people: 0, mismatch: { p_value: 0.4, is_one: false }, reading: 'sequential', confidence: 0.95, look: null, looks: null, planned_people: null, primary: 'conversion_7d',
    comparisons, segments: [], words: '', ...more,
  }
}

describe('what a trial says', () => {
  it('says that a variant works, and names the winner', () => {
    const said = verdictOf(trial([compared('bold', found(0.05, 0.02, 0.08))]), NOW)
    expect([said.tone, said.chip, said.winner]).toEqual(['good', 'Works', 'bold'])
    expect(said.title).toBe('“bold” works: +5.0 points against “control”')
    expect(said.means).toContain('+2.0 to +8.0 points')
  })

  it('takes the better of two, and never a winner whose guardrail broke', () => {
    const both = [compared('bold', found(0.05, 0.02, 0.08)), compared('red', found(0.07, 0.03, 0.11))]
    expect(verdictOf(trial(both), NOW).winner).toBe('red')
    const guarded = verdictOf(trial([...both, compared('red', found(0.02, 0.01, 0.03), { metric: 'left_7d', guardrail: 'broken' })]), NOW)
    expect([guarded.tone, guarded.winner]).toEqual(['warn', null])
    expect(guarded.todo).toContain('Message Unsubscribed')
  })

  it('says that it does harm', () => {
    const said = verdictOf(trial([compared('bold', found(-0.05, -0.08, -0.02))]), NOW)
    expect([said.tone, said.winner]).toEqual(['bad', 'control'])
  })

  it('says why an interval clear of zero may be chance all the same', () => {
    const said = verdictOf(trial([compared('bold', found(0.1, 0.001, 0.2), { is_sure: false }), compared('red', found(0.06, -0.04, 0.16))]), NOW)
    expect(said.chip).toBe('May be chance')
    expect(said.means).toContain('would hardly be chance by itself')
  })

  it('does not take what may be chance for nothing, and says how long still', () => {
    const said = verdictOf(trial([compared('bold', found(0.02, -0.01, 0.05))]), NOW)
    expect([said.chip, said.winner]).toEqual(['May be chance', null])
    // The interval must shrink to 2/3, so it takes 2.25 times the people: 2,500 more at 2,000 in 30 days.
    expect(said.still).toContain('about 38 more days')
    const small = verdictOf(trial([compared('bold', found(0.001, -0.03, 0.032))]), NOW)
    expect(small.still).toContain('more than a year')
  })

  it('says when all who were planned are in, and before, how many are to come', () => {
    const told = [compared('bold', found(0.02, -0.01, 0.05))]
    expect(verdictOf(trial(told, { planned_people: 2_000, look: 20, looks: 20 }), NOW).chip).toBe('No difference found')
    expect(verdictOf(trial(told, { planned_people: 4_000, look: 10, looks: 20 }), NOW).still).toBe('2,000 of the planned people are still to come through, in about 30 days at the pace so far.')
  })

  it('waits while nothing can be said, and believes nothing where people are missing', () => {
    const early = verdictOf(trial([compared('bold', unsaid)], { first_assigned: '2026-02-25T00:00:00Z' }), NOW)
    expect(early.chip).toBe('Too early to say')
    expect(early.means).toBe('Only 7 of ‘bold’ have been through the whole time: it takes 10.')
    expect(early.still).toContain('3 days')
    const missing = verdictOf(trial([compared('bold', found(0.05, 0.02, 0.08))], { mismatch: { p_value: 1e-6, is_one: true } }), NOW)
    expect([missing.tone, missing.winner]).toEqual(['bad', null])
  })

  it('says of nobody, and of one variant alone, what they are', () => {
    expect(verdictOf(trial([], { variants: [] }), NOW).chip).toBe('Nobody yet')
    expect(verdictOf(trial([]), NOW).chip).toBe('Nothing to compare')
  })

  it('goes by what is to be believed where the reading is Bayesian', () => {
    const believed = [compared('bold', found(0.03, -0.001, 0.06), { better: 0.97, is_sure: false })]
    expect(verdictOf(trial(believed, { reading: 'bayesian' }), NOW).winner).toBe('bold')
    const open = [compared('bold', found(0.03, -0.001, 0.06), { better: 0.9, is_sure: true })]
    expect(verdictOf(trial(open, { reading: 'bayesian' }), NOW).winner).toBe(null)
  })
})

describe('handing a trial on', () => {
  const told = trial([compared('=cmd()', found(0.05, 0.02, 0.08))])

  it('writes every effect with its interval', () => {
    const text = asText('Colour', told, verdictOf(told, NOW))
    expect(text).toContain('=cmd() against control: +5.0 points (+2.0 to +8.0 points), beyond chance')
  })

  it('writes a sheet in which no text is a formula', () => {
    const [head, row] = asSheet(told).split('\r\n')
    expect(head!.split(',').length).toBe(row!.split(',').length)
    expect(row).toContain("'=cmd()")
    expect(sheetOf([['a"b', 'c,d', -1]])).toBe('"a""b","c,d",-1')
  })
})

describe('the form of an experiment', () => {
  const definition: Properties = {
    id: 'colour', name: 'Colour', variants: { a: 0.3, b: 0.7 }, values: { a: { x: 1 } }, salt: 'old', primary: 'revenue', hypothesis: '', guardrails: ['Left'], planned_people: null, reading: 'fixed', state: 'running',
    goals: [{ event: 'Bought', within_seconds: 3 * DAY, worth_minor: 500 }, { event: 'Came', within_seconds: DAY }], audience: { type: 'did', event: 'Seen', at_least: 1 }, layer: null,
  }

  it('keeps what it does not show', () => {
    const made = definitionOf({ ...draftOf(definition), name: 'Colours' }, 'running', definition)
    expect(made).toEqual({ ...definition, name: 'Colours' })
  })

  it('makes a definition of what is typed', () => {
    const made = definitionOf({ ...FRESH, id: 'x', name: ' X ', segment: 'loyal', layer: 'top', layerFrom: 50, layerTo: 100, planned: 900 }, 'draft')
    expect(made).toMatchObject({ name: 'X', variants: { control: 0.5, variant: 0.5 }, audience: { type: 'in_segment', segment: 'loyal' }, layer: { id: 'top', from: 0.5, to: 1 }, planned_people: 900 })
    expect(made['goals']).toEqual([{ event: 'Order Completed', within_seconds: 7 * DAY }, { event: 'Order Completed', within_seconds: 28 * DAY }])
  })

  it('writes goals with what they are worth, and metrics of its own', () => {
    const goals = [aGoal('Bought', 3), { ...aGoal('Came', 1), worth: 'amount' as const, amount: 12.5 }, { ...aGoal('Paid', 2), worth: 'property' as const, property: ' total ', amount: '' }]
    const metrics = [
      { ...aMetric(), name: 'per-visit', event: 'Searched', measure: 'times', per: 'Visited', days: 0.5 },
      { ...aMetric(), name: 'complained', event: 'Complained', worse: 'more', per: 'left over', property: 'left over' },
      { ...aMetric(), name: 'read', event: 'Read', measure: 'sum', property: 'pages', worse: 'less' },
    ]
    const made = definitionOf({ ...FRESH, goals, metrics, primary: 'per-visit' }, 'draft', {}, 1_000)
    expect(made['goals']).toEqual([
      { event: 'Bought', within_seconds: 3 * DAY }, { event: 'Came', within_seconds: DAY, worth_minor: 12_500 }, { event: 'Paid', within_seconds: 2 * DAY, value: 'total' },
    ])
    expect(made['metrics']).toEqual([
      { name: 'per-visit', event: 'Searched', measure: 'times', property: null, per: 'Visited', within_seconds: DAY / 2, worse: null },
      { name: 'complained', event: 'Complained', measure: 'did', property: null, per: null, within_seconds: null, worse: 'more' },
      { name: 'read', event: 'Read', measure: 'sum', property: 'pages', per: null, within_seconds: null, worse: 'less' },
    ])
    const again = draftOf(made, 1_000)
    expect(definitionOf(again, 'draft', made, 1_000)).toEqual(made)
    expect(decidingOf(again)).toEqual({ events: ['Came', 'Paid'], metrics: ['per-visit', 'complained', 'read'], worth: true })
    expect(decidingOf(FRESH)).toEqual({ events: [], metrics: [], worth: false })
  })

  it('takes a worth back', () => {
    const before: Properties = { goals: [{ event: 'Bought', within_seconds: DAY, value: 'total', worth_minor: 5 }] }
    const draft = draftOf(before)
    expect(draft.goals[0]).toMatchObject({ worth: 'property', property: 'total', amount: 0.05 })
    const made = definitionOf({ ...draft, goals: [{ ...draft.goals[0]!, worth: 'nothing' }] }, 'draft', before)
    expect(made['goals']).toEqual([{ event: 'Bought', within_seconds: DAY, value: null, worth_minor: null }])
  })

  it('is whole when every goal and metric says what it has to', () => {
    const metric = { ...aMetric(), name: 'read', event: 'Read' }
    expect(isWhole(FRESH)).toBe(true)
    expect(isWhole({ ...FRESH, metrics: [metric] })).toBe(true)
    for (const goals of [[], [aGoal()], [aGoal('Bought', 0)], [{ ...aGoal('Bought'), worth: 'amount' as const }], [{ ...aGoal('Bought'), worth: 'property' as const }]]) {
      expect(isWhole({ ...FRESH, goals })).toBe(false)
    }
    for (const metrics of [[aMetric()], [metric, metric], [{ ...metric, measure: 'sum' }]]) expect(isWhole({ ...FRESH, metrics })).toBe(false)
  })

  it('divides so that it adds up to all', () => {
    for (const many of [2, 3, 6, 7, 19]) {
      const variants = evenly(Array.from({ length: many }, (_, i) => ({ name: `v${i}`, share: 0 })))
      expect(wholeShare({ ...FRESH, variants })).toBe(100)
    }
  })
})

describe('the way a trial is looked at', () => {
  it('has a term for each window, and falls back to the near one', () => {
    const told = trial([])
    expect(termsOf(told)).toEqual([String(7 * DAY), String(28 * DAY)])
    expect(termOf(told, 'staying')).toBe(String(7 * DAY))
  })

  it('takes nothing from an address that it does not know', () => {
    expect(trialSearch({ reading: 'tea', as_of: 'soon', adjust: 'no', term: 604_800, of: 'opened', segments: ['a', ''], trait: '' })).toEqual({
      reading: undefined, as_of: undefined, adjust: undefined, trait: undefined, term: 604_800, of: 'opened', segments: ['a'], metric: undefined,
    })
  })

  it('keeps labels off each other', () => {
    const moved = spread([10, 10.1, 5, null], 20, 200)
    const at = [10, 10.1, 5].map((end, i) => -(end / 20) * 200 + moved[i]!).toSorted((one, other) => one - other)
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(14)
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(14)
  })
})
