import { useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { t } from '~/words/language'
import { useSessionOver } from './api/over'
import { session } from './api/queries'
import { Frame } from './frame/Frame'
import { Failed } from './parts/States'

const SignIn = lazy(() => import('./pages/signin/SignIn'))
const SignInAgain = lazy(() => import('./pages/signin/SignInAgain'))
const LinkPage = lazy(() => import('./pages/welcome/LinkPage'))

/** Where links lead that work once: they are for whoever has them, signed in or not. */
const LINKS = new Set(['/welcome', '/invitation', '/reset'])

/** Whoever is signed in sees the frame; anyone else the sign-in page, at the address they wanted. */
export function Entrance() {
  const query = useQuery(session)
  const over = useSessionOver()
  const path = useLocation({ select: ({ pathname }) => pathname })
  if (query.data && LINKS.has(path)) return <Suspense><LinkPage session={query.data} /></Suspense>
  if (query.data?.signed_in) {
    return (
      <>
        <Frame session={query.data} />
        {over && <Suspense><SignInAgain session={query.data} /></Suspense>}
      </>
    )
  }
  if (query.data) return <Suspense><SignIn session={query.data} /></Suspense>
  if (query.isError) return <Failed what={t('The console could not reach its server')} error={query.error} retry={() => void query.refetch()} />
  return null
}
