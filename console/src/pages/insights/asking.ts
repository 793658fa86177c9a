/** Asking a question, and for the people behind a number of its answer. */
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, queryOptions, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { post, route } from '~/api/client'
import { session } from '~/api/queries'
import type { Shape } from '~/api/shape'
import type { Answer, CellKey } from './answer'
import { bodyOf, dateIn } from './body'
import { finished, type Question } from './question'

const DEBOUNCE_MS = 250
/** As long as an answer is as good as a new one. */
const FRESH_MS = 30_000
export const PEOPLE_PER_PAGE = 50

/** An answer, with the question it answers: while another is asked, the old picture needs its own question. */
export interface Answered<Q extends Question = Question> {
  asked: Q
  answer: Answer
}

/** A name of our own for a question, to follow it by and to call it off. */
export const newName = (what: string) => `${what}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`

/** The names that questions under way go by. One that is asked again has a new one: the old may still be ending. */
const names = new Map<string, string>()

/** What a question is asked as, while it is. */
export const nameOf = (question: Question, today: string) => names.get(textOf(question, today))

const textOf = (question: Question, today: string) => JSON.stringify([question.kind, bodyOf(question, today)])

const insight = (question: Question, today: string) =>
  queryOptions({
    queryKey: ['insight', question.kind, bodyOf(question, today)],
    queryFn: async ({ signal }): Promise<Answered> => {
      const [text, named] = [textOf(question, today), newName('insight')]
      names.set(text, named)
      try {
        return { asked: question, answer: await post<Answer>(route`/api/insights/${question.kind}`, bodyOf(question, today), signal, named) }
      } finally {
        if (names.get(text) === named) names.delete(text)
      }
    },
    staleTime: FRESH_MS,
    retry: false,
  })

/** The workspace's date today. */
export function useToday(): string {
  const { data } = useQuery(session)
  return dateIn(data?.workspace?.zone ?? 'UTC', new Date())
}

export interface Asking<Q extends Question> {
  query: UseQueryResult<Answered<Q>, Error>
  /** What the question is asked as at the moment, to follow it by. */
  named: () => string | undefined
  /** What is shown is the answer to what was asked before. */
  stale: boolean
  /** The server ends a question that nobody waits for any more. */
  cancel: () => void
  calledOff: boolean
}

/** The answer; while the question is being changed, and while it is asked, the one before. */
export function useAnswer<Q extends Question>(question: Q, enabled = true): Asking<Q> {
  const client = useQueryClient()
  const today = useToday()
  const text = JSON.stringify(question)
  const [settled] = useDebouncedValue(text, DEBOUNCE_MS)
  const asked = useMemo(() => JSON.parse(settled) as Question, [settled])
  // A question of another kind is not waited for: its old picture could not be shown meanwhile.
  const now = asked.kind === question.kind ? asked : question
  const query = useQuery({
    ...insight(now, today),
    enabled: enabled && finished(now),
    placeholderData: (before: Answered | undefined, query) => (query?.queryKey[1] === now.kind ? keepPreviousData(before) : undefined),
    // How it is drawn is no part of what is asked: it is that of now.
    select: (found: Answered): Answered => (sameButDrawing(found.asked, question) ? { ...found, asked: question } : found),
  })
  return {
    query: query as unknown as UseQueryResult<Answered<Q>, Error>,
    named: () => nameOf(now, today),
    stale: query.isPlaceholderData || text !== settled,
    cancel: () => void client.cancelQueries({ queryKey: insight(now, today).queryKey, exact: true }),
    // Nothing is under way, and there is neither an answer nor a complaint.
    calledOff: enabled && finished(now) && query.fetchStatus === 'idle' && (query.isPending || query.isPlaceholderData),
  }
}

const sameButDrawing = (one: Question, other: Question) => JSON.stringify([one.kind, bodyOf(one, '2000-01-01')]) === JSON.stringify([other.kind, bodyOf(other, '2000-01-01')])

export type PeopleBehind = Shape<'PeopleBehind'>

export const peopleBehind = (question: Question, cell: CellKey, page: number, today: string) =>
  queryOptions({
    queryKey: ['insight-people', question.kind, bodyOf(question, today), cell, page],
    queryFn: ({ signal }) =>
      post<PeopleBehind>(
        route`/api/insights/${question.kind}/people`,
        { question: bodyOf(question, today), cell, limit: PEOPLE_PER_PAGE, offset: (page - 1) * PEOPLE_PER_PAGE },
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
    retry: false,
  })
