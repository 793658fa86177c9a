import { describe, expect, it } from 'vitest'
import { sheetText } from '~/parts/charts/files'
import { nearest, type Lines } from '~/parts/charts/lines'
import { bodyOf, dateIn, periodsBefore, startOf, stretchOf } from '~/pages/insights/body'
import { cellWords } from '~/pages/insights/cellWords'
import { insightOf, INSIGHTS } from '~/pages/insights/kinds'
import { figure, type Kpi, targetWords, wayTo } from '~/pages/insights/kpis/figures'
import { lineKey, linesOf } from '~/pages/insights/kinds/broken'
import { openPeriods } from '~/pages/insights/kinds/periods'
import { decodeQuestion, encodeQuestion, eventsOf, finished, isKind, KINDS, type Question, type TrendQuestion } from '~/pages/insights/question'
import { way } from '~/pages/insights/usual'

const events = ['Product Viewed', 'Cart Added', 'Order Completed', 'Journey Entered'].map((name, i) => ({ name, count: 100 - i, people: 50 - i, first: null, last: null, meaning: '' }))
const ordered: TrendQuestion = { kind: 'trend', event: { events: ['Order Completed'] }, when: { last_days: 30 } }

describe('a question', () => {
  it('of every kind can be asked as it begins, kept, and read again', () => {
    expect(INSIGHTS.map(({ kind }) => kind).sort()).toEqual([...KINDS].sort())
    for (const { kind, blank, title, notes } of INSIGHTS) {
      const question = blank(events)
      expect(finished(question), kind).toBe(true)
      expect(decodeQuestion(kind, JSON.parse(JSON.stringify(encodeQuestion(question))))).toEqual(question)
      expect(title(question)).toMatch(/\?$/)
      expect(notes(question).every((note) => note !== '')).toBe(true)
    }
  })

  it('of a workspace without events is not asked', () => {
    const asked = INSIGHTS.filter(({ blank }) => finished(blank([]))).map(({ kind }) => kind)
    expect(asked).toEqual(['sticky'])
  })

  it('is made of whatever the address says, less what makes no sense', () => {
    const kept = { event: { events: ['A'] }, measure: 'guess', period: 'week', top: 1e9, when: { last_days: -3 }, breakdown: { trait: 4 }, kind: 'rfm', extra: 1, constructor: 1 }
    expect(decodeQuestion('trend', kept)).toEqual({ kind: 'trend', event: { events: ['A'] }, period: 'week' })
    expect(decodeQuestion('funnel', { steps: [{ events: ['A'] }, { events: 'B' }] })).toEqual({ kind: 'funnel', steps: [] })
    expect(decodeQuestion('trend', { event: { events: [{}] } })).toEqual({ kind: 'trend', event: { events: [] } })
    expect(decodeQuestion('trend', { when: { since: '2026-13-99' } })).toEqual({ kind: 'trend', event: { events: [] } })
    expect(decodeQuestion('trend', [])).toBeNull()
    expect(decodeQuestion('trend', 'x')).toBeNull()
    expect(isKind('toString')).toBe(false)
    expect(decodeQuestion('trend', { event: { events: ['A'], constructor: 1 } })).toEqual({ kind: 'trend', event: { events: [] } })
    expect(cellWords(ordered, { window: 'constructor', stage: 'toString', cell: 'valueOf' }, { time_zone: 'UTC' })).toEqual(['constructor', 'toString', 'valueOf'])
  })

  it('is read as the API takes it, too', () => {
    expect(decodeQuestion('funnel', { steps: ['A', ['B', 'C'], { events: ['D'] }] })).toEqual({ kind: 'funnel', steps: [{ events: ['A'] }, { events: ['B', 'C'] }, { events: ['D'] }] })
    expect(decodeQuestion('flow', { event: 'A', start: 'each' })).toEqual({ kind: 'flow', event: { events: ['A'] }, start: 'each' })
    expect(decodeQuestion('pivot', { event: 'A', rows: 'category', columns: { period: 'month' } })).toMatchObject({ rows: { property: 'category' }, columns: { period: 'month' } })
  })

  it('of a KPI is that of its figure, over its days, with its people', () => {
    const tree = { nodes: [{ id: 'a', insight: 'revenue', question: { event: 'Order Completed', view: 'total' }, cell: { who: 'buyers' } }, { id: 'b', insight: 'toString', question: {} }] }
    expect(wayTo('a', tree, 7)).toEqual({ kind: 'revenue', search: { q: { event: { events: ['Order Completed'] }, view: 'total', when: { last_days: 7 } }, cell: { who: 'buyers' } } })
    expect(wayTo('b', tree, 7)).toBeNull()
    expect(wayTo('c', {}, null)).toBeNull()
    const money = { type: 'money', currency: 'EUR', target: 1250, direction: 'down' } as Kpi
    expect([figure(money, 1250), figure({ type: 'share', currency: null }, 0.25), figure({ type: 'whole', currency: null }, null), targetWords(money)]).toEqual(['€12.50', '25.0%', '–', 'at most €12.50'])
  })

  it('keeps a filter that is being written, and does not ask it', () => {
    const where = [{ property: '', operator: 'equals' }, { property: 'revenue', operator: 'at_least', value: 5 }, { property: 'plan', operator: 'is_set' }, { property: 'x', operator: 'equals', value: '' }]
    const question = decodeQuestion('trend', { event: { events: ['A'], where } })!
    expect((question as TrendQuestion).event.where).toEqual(where)
    expect(bodyOf(question, '2026-11-22')['event']).toEqual({ events: ['A'], where: [where[1], where[2]] })
  })

  it('is finished when nothing that is needed is missing', () => {
    expect(finished({ ...ordered, measure: 'sum' })).toBe(false)
    expect(finished({ ...ordered, measure: 'sum', property: 'revenue' })).toBe(true)
    expect(finished({ ...ordered, formula: 'a / b' })).toBe(false)
    expect(finished({ ...ordered, formula: 'a / b', b: { event: { events: ['B'] }, measure: 'average' } })).toBe(false)
    expect(finished({ kind: 'funnel', steps: [{ events: ['A'] }, { events: [] }] })).toBe(false)
    expect(finished({ kind: 'pivot', event: { events: ['A'] }, rows: { top: 10 } })).toBe(false)
    expect(finished({ kind: 'revenue', event: { events: ['A'] }, view: 'sources' })).toBe(false)
  })

  it('names its events once', () => {
    expect(eventsOf({ kind: 'funnel', steps: [{ events: ['A', 'B'] }, { events: ['A'] }] })).toEqual(['A', 'B'])
    expect(eventsOf({ ...ordered, b: { event: { events: ['B'] } } })).toEqual(['Order Completed'])
  })
})

describe('the body of a question', () => {
  it('has the dates reckoned and nothing of how it is drawn', () => {
    const question: Question = { ...ordered, segment: 'gold', beside: true, chart: 'bars', period: 'week' }
    // Thirty days with today begin on Saturday 24 October; the week of that day begins on Monday.
    expect(bodyOf(question, '2026-11-22')).toEqual({ event: { events: ['Order Completed'] }, period: 'week', since: '2026-10-19', segment: { type: 'in_segment', segment: 'gold' } })
  })

  it('says of retention what it is to be there, and leaves unsaid what was not chosen', () => {
    expect(bodyOf({ kind: 'retention', first: { events: ['A'] }, again: { events: [] }, rule: 'unbounded' }, '2026-11-22')).toEqual({ first: { events: ['A'] }, kind: 'unbounded' })
  })

  it('begins with whole periods', () => {
    expect(['week', 'month', 'quarter', 'year', 'day'].map((period) => startOf(period as 'week', '2026-11-22'))).toEqual(['2026-11-16', '2026-11-01', '2026-10-01', '2026-01-01', '2026-11-22'])
    expect(['week', 'month', 'quarter', 'year', 'day'].map((period) => periodsBefore(period as 'week', '2026-01-01', 2))).toEqual(['2025-12-18', '2025-11-01', '2025-07-01', '2024-01-01', '2025-12-30'])
    expect([1, 7, 30].map((last_days) => stretchOf({ ...ordered, when: { last_days } }, '2026-11-22').since)).toEqual(['2026-11-22', '2026-11-16', '2026-10-24'])
    expect(stretchOf({ ...ordered, when: { since: '2026-01-05', until: '2026-02-01' } }, '2026-11-22')).toEqual({ since: '2026-01-05', until: '2026-02-01' })
  })

  it('knows the date where the workspace is', () => {
    const moment = new Date('2026-11-22T23:30:00Z')
    expect([dateIn('UTC', moment), dateIn('Europe/Berlin', moment), dateIn('Atlantis/Nowhere', moment)]).toEqual(['2026-11-22', '2026-11-23', '2026-11-22'])
  })
})

describe('an answer', () => {
  it('says which periods are not whole', () => {
    const starts = ['2026-01-05T00:00:00.000Z', '2026-01-12T00:00:00.000Z', '2026-01-19T00:00:00.000Z']
    expect([...openPeriods(starts, { last_days: 30 }, 'UTC')]).toEqual([2])
    expect([...openPeriods(starts, { since: '2026-01-07', until: '2026-01-26' }, 'UTC')]).toEqual([0])
    expect([...openPeriods(starts, { since: '2026-01-05', until: '2999-01-01' }, 'UTC')]).toEqual([2])
    expect([...openPeriods([], undefined, 'UTC')]).toEqual([])
  })

  it('is told apart into lines: six colours, the rest mute', () => {
    const rows = [...Array(7)].map((_, i) => ({ breakdown: `v${i}`, part: 'value', value: i })).concat([{ breakdown: null as unknown as string, part: 'other', value: 1 }, { breakdown: null as unknown as string, part: 'none', value: 2 }])
    const lines = linesOf(rows)
    expect(lines.map(({ role }) => role)).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6', 'c-mute', 'c-mute', 'c-mute'])
    expect(lines.map(({ name }) => name).slice(-2)).toEqual(['Other', 'No value'])
    expect(lineKey(rows[0]!)).toEqual({ breakdown: 'v0', part: 'value' })
    expect(lineKey(rows[7]!)).toEqual({ part: 'other' })
    expect(lineKey(rows[8]!)).toEqual({ part: 'none' })
    expect(lineKey({ value: 1 })).toEqual({})
  })

  it('names the cell behind each number, and no other', () => {
    const trend = insightOf('trend')
    const row = { start: '2026-01-05T00:00:00.000Z', value: 2, events: 4, a: 4, b: 2, events_b: 2 }
    expect(trend.cell(ordered, row, 'value')).toEqual({ start: row.start })
    expect(trend.cell({ ...ordered, formula: 'a / b' }, row, 'a')).toEqual({ start: row.start, of: 'a' })
    expect(trend.cell({ ...ordered, formula: 'a / b' }, row, 'events_b')).toEqual({ start: row.start, of: 'b' })
    expect(trend.cell(ordered, row, 'start')).toBeNull()
    const moves = insightOf('lifecycle').cell({ kind: 'lifecycle', event: { events: ['A'] } }, { start: 's', stage: 'new', stage_before: null, people: 1 }, 'people')
    expect(moves).toEqual({ start: 's', stage: 'new', not_there_before: true })
    expect(insightOf('pivot').cell({ kind: 'pivot', event: { events: ['A'] }, rows: {} }, { row: 'DE', row_part: 'value', column: null, column_part: 'total', value: 1 }, 'value')).toEqual({ row_part: 'value', row: 'DE', column_part: 'total' })
  })

  it('says in words whose people are behind a number', () => {
    const funnel: Question = { kind: 'funnel', steps: [{ events: ['A'] }, { events: ['B'] }] }
    expect(cellWords(funnel, { step: 2, lost: true, part: 'none' }, { time_zone: 'UTC' })).toEqual(['lost before “B”', 'No value'])
    expect(cellWords(ordered, { start: '2026-01-05T00:00:00.000Z', breakdown: '<b>', part: 'value' }, { time_zone: 'UTC' })).toEqual(['Mon, 5 Jan 2026', '<b>'])
  })

  it('goes into a spreadsheet as text that stays text', () => {
    expect(sheetText([['a', 1, null, true], ['=1+1', 'x,y', 'say "so"', { k: 1 }], ['-2', '@x', 'line\nend', -2]], ',')).toBe(
      'a,1,,true\n\'=1+1,"x,y","say ""so""","{""k"":1}"\n\'-2,\'@x,"line\nend",-2',
    )
  })
})

describe('a click on a chart', () => {
  const lines = { across: [{}, {}, {}], series: [{ values: [1, 5, null] }, { values: [2, -3, 7] }] } as unknown as Lines
  const at = (across: number, up: number) => ({ chart: { containPixel: () => true, convertFromPixel: () => [across, up] }, x: 0, y: 0 }) as never
  it('means the nearest point', () => {
    expect(nearest(at(0.4, 1.2), lines)).toEqual({ series: 0, index: 0 })
    expect(nearest(at(0.6, -1), lines)).toEqual({ series: 1, index: 1 })
    expect(nearest(at(9, 0), lines)).toEqual({ series: 1, index: 2 })
  })
  it('means the piece of a stack that was hit, over or under the line', () => {
    const stacked = { ...lines, stacked: true }
    expect(nearest(at(0, 0.5), stacked)).toEqual({ series: 0, index: 0 })
    expect(nearest(at(0, 2.5), stacked)).toEqual({ series: 1, index: 0 })
    expect(nearest(at(1, -2), stacked)).toEqual({ series: 1, index: 1 })
    expect(nearest(at(0, 9), stacked)).toBeNull()
  })
})

it('a funnel begins with the way to an order, as far as there is one', () => {
  expect(way(events).map((act) => act.events)).toEqual([['Product Viewed'], ['Cart Added'], ['Order Completed']])
  const game = ['Level Won', 'Journey Entered', 'Game Opened'].map((name, i) => ({ name, count: i, people: 10 + i, first: null, last: null, meaning: '' }))
  expect(way(game).map((act) => act.events)).toEqual([['Game Opened'], ['Level Won']])
})
