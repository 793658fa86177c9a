import { useMutation, useQueryClient } from '@tanstack/react-query'
import { post } from '~/api/client'
import { counted } from '~/words/language'

interface Wish {
  keys?: string[]
  all?: boolean
  channel?: string
}

export type LetterAct = 'replay' | 'drop'

interface Done {
  replayed?: number
  dropped?: number
  too_old?: number
  unknown: number
}

/** Tries letters again or lets go of them, and says in a sentence what became of them. */
export function useLetters(act: LetterAct, done: (said: string) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: Wish) => post<Done>(`/api/dead-letters/${act}`, wish),
    onSuccess: async (answer) => {
      await Promise.all(['dead-letters', 'delivery', 'overview'].map((name) => client.invalidateQueries({ queryKey: [name] })))
      done(sentence(act, answer))
    },
  })
}

export function sentence(act: LetterAct, { replayed = 0, dropped = 0, too_old = 0, unknown }: Done): string {
  const words = [act === 'replay' ? counted(replayed, '{{count}} message will be tried again', '{{count}} messages will be tried again') : counted(dropped, '{{count}} letter dropped', '{{count}} letters dropped')]
  if (too_old > 0) words.push(counted(too_old, '{{count}} is too old to be sent', '{{count}} are too old to be sent'))
  if (unknown > 0) words.push(counted(unknown, '{{count}} was gone already', '{{count}} were gone already'))
  return words.join(', ')
}
