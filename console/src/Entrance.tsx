import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { t } from '~/words/language'
import { session } from './api/queries'
import { Frame } from './frame/Frame'
import { Failed } from './parts/States'

const SignIn = lazy(() => import('./pages/signin/SignIn'))

/** Whoever is signed in sees the frame; anyone else the sign-in page, at the address they wanted. */
export function Entrance() {
  const query = useQuery(session)
  if (query.data) return query.data.signed_in ? <Frame session={query.data} /> : <Suspense><SignIn /></Suspense>
  if (query.isError) return <Failed what={t('The console could not reach its server')} error={query.error} retry={() => void query.refetch()} />
  return null
}
