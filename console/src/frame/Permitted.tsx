import { useLocation } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import { useMay } from '~/api/may'
import { PLACES } from './places'

const NotPermitted = lazy(() => import('./NotPermitted'))
const RESTRICTED = PLACES.flatMap(({ places }) => places).filter(({ needs }) => needs)

/** The page; or, where the reader may not see it, what it takes and who can give it. */
export function Permitted({ children }: { children: ReactNode }) {
  const may = useMay()
  const path = useLocation({ select: ({ pathname }) => pathname })
  const place = RESTRICTED.find(({ to }) => path === to || path.startsWith(`${to}/`))
  if (!place?.needs || may(place.needs)) return children
  return (
    <Suspense>
      <NotPermitted title={place.label} needs={place.needs} />
    </Suspense>
  )
}
