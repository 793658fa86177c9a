import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { session as sessionQuery } from '~/api/queries'
import { sessionBack } from '~/api/over'
import type { Session } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { arrived } from './arriving'
import styles from './SignIn.module.css'
import { SignInForm } from './SignInForm'

/** The session ended while somebody was at work: the page stays as it is behind this, with all they wrote. */
export default function SignInAgain({ session }: { session: Session }) {
  const client = useQueryClient()
  const email = session.account?.email ?? ''
  const done = async (found: Session) => {
    // Another person's page it must not become.
    if ((found.account?.email ?? '') !== email) return location.reload()
    arrived(found)
    client.setQueryData(sessionQuery.queryKey, found)
    sessionBack()
    await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
  }
  return (
    <Dialog onClose={() => {}} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t('Your session is over')}>
      <div className={styles.form}>
        <p>{t('Sign in again and go on: what you wrote on this page is still here.')}</p>
        <SignInForm email={email} byKey={email === ''} done={(found) => void done(found)} />
        <Button variant="subtle" onClick={() => location.assign('/')}>
          {t('Leave this page')}
        </Button>
      </div>
    </Dialog>
  )
}
