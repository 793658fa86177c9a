import { useMutation, useQueryClient } from '@tanstack/react-query'
import { post, route } from '~/api/client'
import { occasions, runRoot } from '~/api/queries'
import type { Occasion, Run } from '~/api/types'
import { wall } from '~/words/moments'
import { t } from '~/words/language'

export type OccasionAct = 'confirm' | 'pause' | 'resume' | 'stop'

/** Changes one run, then asks for all of them again. */
export function useOccasionAct(run: Run, occasion: Occasion, done: () => void = () => {}) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (act: OccasionAct) => post(route`/api/${runRoot(run.kind)}/${run.id}/runs/${occasion.id}/${act}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: occasions(run.kind, run.id).queryKey })
      void client.invalidateQueries({ queryKey: [runRoot(run.kind), run.id] })
      done()
    },
  })
}

/** A schedule's key is what the clock says; a call and an event are told by their names. */
export function title({ key, event }: Occasion): string {
  if (/^\d{4}-\d\d-\d\dT/.test(key)) return wall(key)
  return event === 'Campaign Called' ? t('A call') : event
}
