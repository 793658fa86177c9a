import { useRef, useState } from 'react'
import type { BoardSaid, Card } from '~/api/boards'
import { t } from '~/words/language'
import styles from './Boards.module.css'
import { BoardCard } from './BoardCard'
import { changed, moved, without } from './changes'

interface Props {
  said: BoardSaid
  may: boolean
  set: (cards: Card[]) => void
}

/** The cards in thirds of the board's width. They are moved by their handles: by pointer, or by the arrow keys. */
export function Cards({ said, may, set }: Props) {
  const { cards } = said
  const [dragged, setDragged] = useState<string | null>(null)
  const [over, setOver] = useState<string | null>(null)
  const [told, setTold] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const placeOf = (id: string) => cards.findIndex((card) => card.id === id)
  const move = (id: string, to: number) => {
    const from = placeOf(id)
    const place = Math.max(0, Math.min(cards.length - 1, to))
    if (from < 0 || from === place) return
    set(moved(cards, from, place))
    setTold(t('Moved to place {{place}} of {{all}}.', { place: place + 1, all: cards.length }))
    // The card is another element's neighbour now, and keeps the focus all the same.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-card="${id}"] [data-handle]`)?.focus())
  }
  const drop = (id: string) => {
    const next = cards[placeOf(id) + 1] ?? cards[placeOf(id) - 1]
    set(without(cards, id))
    setTold(t('The card was taken off the board.'))
    requestAnimationFrame(() => next && list.current?.querySelector<HTMLElement>(`[data-card="${next.id}"] [data-handle]`)?.focus())
  }
  return (
    <>
      <ul className={styles.cards} ref={list}>
        {cards.map((card, place) => (
          <li
            key={card.id}
            className={styles.card}
            data-card={card.id}
            data-width={card.width}
            data-dragged={dragged === card.id || undefined}
            data-over={(over === card.id && dragged !== card.id) || undefined}
            onDragOver={(event) => {
              if (dragged === null) return
              event.preventDefault()
              setOver(card.id)
            }}
            onDrop={(event) => {
              event.preventDefault()
              if (dragged !== null) move(dragged, place)
            }}
          >
            <BoardCard
              said={said}
              card={card}
              may={may}
              place={place}
              move={(to) => move(card.id, to)}
              change={(part) => set(changed(cards, card.id, part))}
              remove={() => drop(card.id)}
              drag={(begins) => {
                setDragged(begins ? card.id : null)
                setOver(null)
              }}
            />
          </li>
        ))}
      </ul>
      <span className="unseen" role="status">
        {told}
      </span>
    </>
  )
}
