import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { session as sessionQuery } from '~/api/queries'
import type { Session } from '~/api/types'
import { t } from '~/words/language'
import { Card } from './Card'
import { codeWords } from './refusals'
import { arrived } from './arriving'
import styles from './SignIn.module.css'
import { SignInForm } from './SignInForm'

/** Shown at whatever address was wanted; whoever signs in is there already. */
export default function SignIn({ session }: { session: Session }) {
  const client = useQueryClient()
  const problem = new URLSearchParams(location.search).get('problem')
  useEffect(() => {
    document.title = `${t('Sign in')} · Holdfast`
  }, [])
  return (
    <Card title={session.workspace ? t('Sign in to {{workspace}}', { workspace: session.workspace.name }) : t('Sign in to Holdfast')}>
      {problem && (
        <p className={styles.bad} role="alert">
          {codeWords(problem)}
        </p>
      )}
      {session.first_start && (
        <p className={styles.note}>{t('Nobody has an account here yet. The server printed a link for the first owner when it started: open that. Until then an API key lets you in.')}</p>
      )}
      <SignInForm
        byKey={session.first_start === true}
        done={(found) => {
          client.setQueryData(sessionQuery.queryKey, found)
          arrived(found)
        }}
      />
    </Card>
  )
}
