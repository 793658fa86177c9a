import { useMutation, useQueryClient } from '@tanstack/react-query'
import { post } from '~/api/client'

interface Wish {
  ids?: (number | string)[]
  all?: boolean
  bodies?: Record<string, string>
}

/** Sends records through the front door again; what is still bad comes back as such. */
export function useReplay() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (wish: Wish) => post<{ replayed: number; still_bad: number }>('/api/errors/replay', wish),
    onSuccess: () =>
      Promise.all([client.invalidateQueries({ queryKey: ['errors'] }), client.invalidateQueries({ queryKey: ['overview'] })]),
  })
}
