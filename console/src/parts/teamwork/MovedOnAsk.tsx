import { useQuery } from '@tanstack/react-query'
import { Refusal } from '~/api/client'
import { MovedOnDialog } from './MovedOnDialog'

/** Whether saving was refused because somebody else has saved the thing meanwhile. */
export const movedOn = (error: Error | null): error is Refusal => error instanceof Refusal && error.code === 'moved_on' && Number(error.told['version']) > 0

interface Props<T> {
  error: Refusal
  /** Reads what they saved. */
  read: () => Promise<T>
  mine: T
  takeTheirs: (theirs: T, version: number) => void
  /** Save again, on top of this version. */
  keepMine: (version: number) => void
  close: () => void
}

/** Asks which is to stay, once what they wrote is here. */
export function MovedOnAsk<T>({ error, read, mine, takeTheirs, keepMine, close }: Props<T>) {
  const version = Number(error.told['version'])
  const theirs = useQuery({ queryKey: ['moved on', error.message, version], queryFn: read, gcTime: 0 })
  const found = theirs.data
  if (found === undefined) return null
  return (
    <MovedOnDialog
      by={String(error.told['by'] ?? '')}
      mine={mine}
      theirs={found}
      takeTheirs={() => takeTheirs(found, version)}
      keepMine={() => keepMine(version)}
      close={close}
    />
  )
}
