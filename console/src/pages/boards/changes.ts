/** What is done to a board, as values: cards put in, moved, made wider, taken out; and its questions for its period. */
import type { Board, BoardSaid, Card, SavedInsight } from '~/api/boards'
import { decodeQuestion, isKind, type Question, type When } from '~/pages/insights/question'

export const CARDS_MOST = 60
export type Width = Card['width']

export const saidOf = ({ name, description, period, segment, cards }: Board): BoardSaid => ({ name, description, period, segment, cards })

/** An id no card of the board has. */
export function cardId(cards: Card[]): string {
  const taken = new Set(cards.map(({ id }) => id))
  let number = cards.length + 1
  while (taken.has(`card-${number}`)) number += 1
  return `card-${number}`
}

/** The cards with one of them at another place. */
export function moved(cards: Card[], from: number, to: number): Card[] {
  const card = cards[from]
  if (!card) return cards
  const rest = cards.filter((_, i) => i !== from)
  const place = Math.max(0, Math.min(rest.length, to))
  return [...rest.slice(0, place), card, ...rest.slice(place)]
}

export const changed = (cards: Card[], id: string, part: Partial<Card>): Card[] => cards.map((card) => (card.id === id ? ({ ...card, ...part } as Card) : card))
export const without = (cards: Card[], id: string): Card[] => cards.filter((card) => card.id !== id)

/** The board's period as a question says it: what it does not say is left out. */
export function whenOf(period: Board['period']): When | undefined {
  if (period === null) return undefined
  return 'last_days' in period ? period : { since: period.since, ...(period.until ? { until: period.until } : {}) }
}

/** What a saved insight asks on this board; null where it is no question of a kind we know. */
export function askedOn({ period, segment }: Pick<Board, 'period' | 'segment'>, insight: SavedInsight): Question | null {
  if (!isKind(insight.kind)) return null
  const question = decodeQuestion(insight.kind, insight.question)
  if (question === null) return null
  const when = whenOf(period)
  return { ...question, ...(when ? { when } : {}), ...(segment === null ? {} : { segment }) }
}
