import { describe, expect, it } from 'vitest'
import type { Json } from '~/api/types'
import { decode, decodeText, Misshapen } from '~/pages/segments/decode'
import { encode, newDid, newGroup, newOther, newTrait, unfinished } from '~/pages/segments/model'
import { slug } from '~/pages/segments/slug'
import { added, changed, depth, removed } from '~/pages/segments/tree'

const WHOLE: Json = {
  type: 'all',
  of: [
    { type: 'did', event: 'Order Completed', at_least: 3, within_days: 30, where: [{ property: 'revenue', operator: 'greater_than', value: 50 }] },
    { type: 'not', of: { type: 'did', event: 'App Uninstalled', at_least: 1, within_days: 90 } },
    { type: 'trait', trait: 'country', operator: 'is_any_of', value: ['DE', 'FR'] },
    { type: 'trait', trait: 'phone', operator: 'is_set' },
    { type: 'not', of: { type: 'any', of: [{ type: 'did', event: 'X', at_most: 2 }] } },
    { type: 'not', of: { type: 'all', of: [{ type: 'trait', trait: 'age', operator: 'at_least', value: 0 }] } },
  ],
}

describe('a definition', () => {
  it('comes back as it was', () => {
    expect(encode(decode(WHOLE))).toEqual(WHOLE)
  })

  it('keeps the type of a value: "30" is not 30', () => {
    const text = { type: 'all', of: [{ type: 'trait', trait: 'x', operator: 'equals', value: '30' }] }
    expect(encode(decode(text))).toEqual(text)
  })

  it('keeps what has no row of its own as it is written', () => {
    const rare: Json = {
      type: 'any',
      of: [
        { type: 'in_list', list: 'vip' },
        { type: 'not', of: { type: 'did_in_order', steps: [{ event: 'A' }, { event: 'B', within_days: 7 }] } },
        { type: 'did', event: 'X', at_least: 1, calendar: { unit: 'month', back: 1 }, time_zone: 'person' },
        { type: 'trait', trait: 'birthday', operator: 'anniversary_in_days', value: 3 },
        { type: 'trait', trait: 'age', operator: 'between', value: [18, 25] },
      ],
    }
    expect(encode(decode(rare))).toEqual(rare)
  })

  it('means the same when it is negated twice', () => {
    const once = { type: 'all', of: [{ type: 'did', event: 'X', at_least: 1 }] }
    expect(encode(decode({ type: 'not', of: { type: 'not', of: once } }))).toEqual(once)
  })

  it('says once or more when it says nothing of how often', () => {
    expect(encode(decode({ type: 'did', event: 'X' }))).toEqual({ type: 'all', of: [{ type: 'did', event: 'X', at_least: 1 }] })
  })

  it.each([
    ['{', '$'],
    ['{"type":7}', '$.type'],
    ['{"type":"all","of":[{"type":"did","event":"X","within_days":"30"}]}', '$.of[0].within_days'],
    ['{"type":"all","of":[{"type":"did","event":"X","often":2}]}', '$.of[0].often'],
    ['{"type":"not","of":{"type":"trait","trait":"x","operator":"is like","value":1}}', '$.of.operator'],
    ['{"type":"trait","trait":"x","operator":"equals","value":{"a":1}}', '$.value'],
  ])('%s is refused at %s', (text, path) => {
    const refused = () => decodeText(text)
    expect(refused).toThrow(Misshapen)
    expect(refused).toThrow(`${path}: `)
  })
})

describe('building', () => {
  it('counts a rule of any kind once all it must say is said', () => {
    const rule = newOther('did_amount', { event: 'Order Completed' }, ['event', 'property'])
    expect(encode(rule)).toBeNull()
    const values = { ...rule.values, property: 'revenue' }
    expect(encode({ ...rule, values, negated: true })).toEqual({ type: 'not', of: { type: 'did_amount', ...values } })
  })

  it('leaves unfinished rules out and counts them', () => {
    const root = newGroup('all', [newDid(), { ...newTrait(), name: 'plan', value: 'gold' }, { ...newTrait(), name: 'n', value: 0 }])
    expect(unfinished(root)).toBe(1)
    expect(encode(root)).toEqual({
      type: 'all',
      of: [
        { type: 'trait', trait: 'plan', operator: 'equals', value: 'gold' },
        { type: 'trait', trait: 'n', operator: 'equals', value: 0 },
      ],
    })
  })

  it('changes one node and leaves the old tree as it was', () => {
    const inner = newGroup('any', [newDid()])
    const root = newGroup('all', [inner])
    const next = added(root, inner.id, newTrait())
    expect(root.of[0]).toBe(inner)
    expect(inner.of).toHaveLength(1)
    expect(depth(next)).toBe(2)
    const did = inner.of[0]!
    const renamed = changed(next, did.id, (node) => ({ ...node, event: 'Y' }) as typeof node)
    expect(JSON.stringify(encode(renamed))).toContain('"Y"')
    expect(encode(removed(next, inner.id))).toEqual({ type: 'all', of: [] })
  })

  it('gives a saved segment an id the API takes', () => {
    expect(slug('Loyal buyers, DÉ', 'x')).toBe('loyal-buyers-de')
    expect(slug('купили', 'segment-1')).toBe('segment-1')
    expect(slug('  ', 'segment-1')).toBe('')
    expect(slug('a'.repeat(300), 'x')).toHaveLength(100)
  })
})
