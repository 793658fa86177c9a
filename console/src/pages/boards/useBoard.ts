import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { type Board, BOARDS, type BoardSaid, saveBoard } from '~/api/boards'
import { movedOn } from '~/parts/teamwork/MovedOnAsk'
import { saidOf } from './changes'

const PAUSE_MS = 500

export type Saving = 'saved' | 'saving' | 'failed' | 'moved_on'

/** A board that is being arranged: every change is saved a moment later, upon the version that was read. */
export function useBoard(read: Board, may: boolean) {
  const client = useQueryClient()
  const [said, setSaid] = useState<BoardSaid>(() => saidOf(read))
  const [based, setBased] = useState(read.version)
  const kept = useRef(JSON.stringify(saidOf(read)))
  const text = JSON.stringify(said)
  const save = useMutation({
    mutationFn: ({ said, on }: { said: BoardSaid; on: number }) => saveBoard(read.id, said, on),
    onSuccess: (board, { said }) => {
      kept.current = JSON.stringify(said)
      setBased(board.version)
      client.setQueryData([...BOARDS, board.id], board)
      void client.invalidateQueries({ queryKey: BOARDS, exact: true })
    },
  })
  const { mutate, isPending, isError } = save
  useEffect(() => {
    // After a refusal nothing is tried again until somebody says so.
    if (!may || isPending || isError || text === kept.current) return undefined
    const timer = setTimeout(() => mutate({ said: JSON.parse(text) as BoardSaid, on: based }), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [may, isPending, isError, text, based, mutate])
  // Leaving the page must not lose the last change.
  const last = useRef({ text, based, may })
  last.current = { text, based, may }
  useEffect(
    () => () => {
      const { text, based, may } = last.current
      if (!may || text === kept.current) return
      void saveBoard(read.id, JSON.parse(text) as BoardSaid, based).then((board) => client.setQueryData([...BOARDS, board.id], board), () => undefined)
    },
    [read.id, client],
  )
  const take = useCallback(
    (board: Board) => {
      kept.current = JSON.stringify(saidOf(board))
      setSaid(saidOf(board))
      setBased(board.version)
      save.reset()
    },
    [save],
  )
  const saving: Saving = movedOn(save.error) ? 'moved_on' : isError ? 'failed' : isPending || (may && text !== kept.current) ? 'saving' : 'saved'
  return { said, set: (part: Partial<BoardSaid>) => setSaid((before) => ({ ...before, ...part })), saving, error: save.error, take, keepMine: (on: number) => mutate({ said, on }), again: () => mutate({ said, on: based }) }
}
