import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTick } from '~/api/feed'
import { useMay } from '~/api/may'
import { mailbox, overview, runs, segments } from '~/api/queries'

export const STEPS = ['source', 'event', 'message', 'segment', 'journey'] as const
export type Step = (typeof STEPS)[number]
export type Progress = Record<Step, boolean>

/**
 * How far the workspace has come. Nothing is kept of it: it is what there is, whoever made it, so that it holds in
 * every browser and for everybody. Undefined until it is known.
 */
export function useProgress(): Progress | undefined {
  const may = useMay()('people:read')
  const tick = useTick()
  const { data } = useQuery(overview)
  const mails = useInfiniteQuery({ ...mailbox(''), enabled: may }).data?.pages[0]?.total ?? 0
  const saved = useQuery(segments).data
  const journeys = useQuery(runs('journey')).data
  if (!data || !saved || !journeys) return undefined
  return {
    source: (tick?.events ?? data.events) > 0,
    event: (tick?.people ?? data.people) > 0,
    message: mails > 0 || (data.sends.sent ?? 0) > 0,
    segment: saved.length > 0,
    journey: journeys.length > 0,
  }
}

export const doneIn = (progress: Progress) => STEPS.filter((step) => progress[step]).length
export const nextIn = (progress: Progress): Step | undefined => STEPS.find((step) => !progress[step])

const KEPT = 'holdfast:guide'
const OFF = 'off'

/** Whether this browser's overview leaves the guide out. */
export function useDismissed(): [boolean, (dismissed: boolean) => void] {
  const [dismissed, setDismissed] = useState(() => {
    try {
      return localStorage.getItem(KEPT) === OFF
    } catch {
      return false // Storage can be forbidden; then it holds until the page is left.
    }
  })
  return [
    dismissed,
    (next) => {
      setDismissed(next)
      try {
        if (next) localStorage.setItem(KEPT, OFF)
        else localStorage.removeItem(KEPT)
      } catch {
        // As above.
      }
    },
  ]
}
