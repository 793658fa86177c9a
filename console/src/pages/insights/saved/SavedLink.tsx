import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { SavedInsight } from '~/api/boards'

interface Props {
  insight: SavedInsight
  className?: string | undefined
  children: ReactNode
}

/** To where a saved insight is asked. */
export function SavedLink({ insight: { id, kind, question }, className, children }: Props) {
  const search = { q: question, saved: id }
  return kind === 'rfm' ? (
    <Link to="/rfm" search={search} className={className}>
      {children}
    </Link>
  ) : (
    <Link to="/insights/$kind" params={{ kind }} search={search} className={className}>
      {children}
    </Link>
  )
}
