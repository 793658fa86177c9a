import { describe, expect, it } from 'vitest'
import type { Card, SavedInsight } from '~/api/boards'
import { askedOn, cardId, moved, whenOf, without } from '~/pages/boards/changes'

const cards = ['a', 'b', 'c'].map((id): Card => ({ type: 'text', id, width: 1, text: id }))
const ids = (found: Card[]) => found.map(({ id }) => id).join('')

const insight: SavedInsight = {
  id: 'orders', name: 'Orders', description: '', kind: 'trend', version: 1, by: '', saved_at: '',
  question: { event: { events: ['Order'] }, when: { last_days: 90 }, segment: 'silver' },
}

describe('the cards of a board', () => {
  it('are moved to a place, and never past the ends', () => {
    expect(ids(moved(cards, 0, 2))).toBe('bca')
    expect(ids(moved(cards, 2, 0))).toBe('cab')
    expect(ids(moved(cards, 1, 9))).toBe('acb')
    expect(ids(moved(cards, 1, -9))).toBe('bac')
    expect(moved(cards, 7, 0)).toBe(cards)
  })
  it('get an id that no other has', () => {
    expect(cardId([])).toBe('card-1')
    const made = [...cards.slice(0, 1), { ...cards[0]!, id: 'card-3' }]
    expect(cardId(made)).toBe('card-4')
    expect(cardId(without(cards, 'a').map((card, i) => ({ ...card, id: `card-${i + 3}` })))).toBe('card-5')
  })
})

describe('an insight on a board', () => {
  it('is asked as it was saved while the board says nothing', () => {
    expect(askedOn({ period: null, segment: null }, insight)).toEqual({ kind: 'trend', ...insight.question })
  })
  it('is asked for the period and people of the board', () => {
    const asked = askedOn({ period: { since: '2026-01-01', until: null }, segment: 'gold' }, insight)
    expect(asked).toEqual({ kind: 'trend', event: { events: ['Order'] }, when: { since: '2026-01-01' }, segment: 'gold' })
  })
  it('of a kind nobody knows is none', () => {
    expect(askedOn({ period: null, segment: null }, { ...insight, kind: 'sql' })).toBeNull()
  })
  it('keeps the end of a stretch', () => {
    expect(whenOf({ since: '2026-01-01', until: '2026-02-01' })).toEqual({ since: '2026-01-01', until: '2026-02-01' })
    expect(whenOf({ last_days: 7 })).toEqual({ last_days: 7 })
  })
})
