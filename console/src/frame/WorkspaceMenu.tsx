import { lazy, Suspense, useState } from 'react'
import type { Session } from '~/api/types'
import { AccountButton } from './AccountButton'

const AccountMenu = lazy(() => import('./AccountMenu'))

/** The reader's menu. Menus and what they are made of are loaded when it is first opened: the first page needs none. */
export function WorkspaceMenu({ session, rail }: { session: Session; rail: boolean }) {
  const [asked, setAsked] = useState(false)
  const closed = <AccountButton session={session} rail={rail} aria-haspopup="menu" aria-expanded={false} onClick={() => setAsked(true)} />
  if (!asked) return closed
  return (
    <Suspense fallback={closed}>
      <AccountMenu session={session} rail={rail} />
    </Suspense>
  )
}
