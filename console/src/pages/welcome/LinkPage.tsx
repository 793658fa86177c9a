import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { link as linkQuery } from '~/api/accounts'
import { keepCsrf, post, Refusal, remove } from '~/api/client'
import type { Session } from '~/api/types'
import { Waiting } from '~/parts/States'
import { Card } from '~/pages/signin/Card'
import { refusalWords } from '~/pages/signin/refusals'
import styles from '~/pages/signin/SignIn.module.css'
import { t } from '~/words/language'

const LEAST = 10

type Purpose = 'first' | 'invitation' | 'reset'
const CALLS = { first: '/session/first', invitation: '/session/invitation', reset: '/session/reset' } as const satisfies Record<Purpose, string>

/** What stands behind `#`: no server and no log on the way is told of it. It is taken out of the address at once. */
const token = typeof location === 'undefined' ? '' : location.hash.slice(1)

/** Where links lead that work once: the first owner's, an invitation, a new password. */
export default function LinkPage({ session }: { session: Session }) {
  const query = useQuery({ ...linkQuery(token), enabled: token !== '' })
  useEffect(() => {
    document.title = `${t('Welcome')} · Holdfast`
    history.replaceState(history.state, '', location.pathname)
    // Another link in the same tab changes nothing but what is behind its `#`.
    const another = () => location.reload()
    addEventListener('hashchange', another)
    return () => removeEventListener('hashchange', another)
  }, [])
  const workspace = session.workspace?.name ?? 'Holdfast'
  if (token === '' || query.error instanceof Refusal) return <Over over={query.error} signedIn={session.signed_in} />
  if (query.isError) {
    return (
      <Card title={t('The server did not answer')}>
        <Button variant="filled" onClick={() => void query.refetch()}>
          {t('Try again')}
        </Button>
      </Card>
    )
  }
  if (!query.data) return <Card title={t('One moment')}><Waiting rows={3} /></Card>
  const email = session.account?.email ?? ''
  if (session.signed_in && session.demo !== true && email !== '') return <Elsewhere email={email} />
  return <Form purpose={query.data.purpose} email={query.data.email} workspace={workspace} />
}

function Over({ over, signedIn }: { over: Error | null; signedIn: boolean }) {
  return (
    <Card title={t('This link is not good any more')}>
      <p>
        {over instanceof Refusal && over.code !== 'link_over'
          ? refusalWords(over)
          : t('It was used, it is too old, or a letter of it is missing. Whoever sent it can send another: an owner or admin, in Settings under Accounts. The link for the first owner is printed anew whenever the server starts.')}
      </p>
      <Button variant="filled" component="a" href="/">
        {signedIn ? t('To the overview') : t('Sign in')}
      </Button>
    </Card>
  )
}

/** A link is for somebody else than whoever is signed in, more often than not. */
function Elsewhere({ email }: { email: string }) {
  const leave = useMutation({
    mutationFn: () => remove('/session'),
    // The address has lost what stood behind its `#`; it is put back for the page to come.
    onSuccess: () => location.replace(`${location.pathname}#${token}`),
  })
  return (
    <Card title={t('Somebody is signed in here')}>
      <p>{t('This browser is signed in as {{email}}. To use the link, sign out first.', { email })}</p>
      <Button variant="filled" onClick={() => leave.mutate()} loading={leave.isPending}>
        {t('Sign out and go on')}
      </Button>
      <Button component="a" href="/">
        {t('Stay signed in')}
      </Button>
    </Card>
  )
}

function titleOf(purpose: Purpose, workspace: string): string {
  if (purpose === 'first') return t('Welcome to Holdfast')
  if (purpose === 'invitation') return t('Join {{workspace}}', { workspace })
  return t('Choose a new password')
}

function Form({ purpose, email: known, workspace }: { purpose: Purpose; email: string; workspace: string }) {
  const client = useQueryClient()
  const [email, setEmail] = useState(known)
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [done, setDone] = useState(false)
  const take = useMutation({
    mutationFn: () =>
      post<Session>(CALLS[purpose], {
        token,
        password,
        ...(purpose === 'first' ? { email: email.trim() } : {}),
        ...(purpose === 'reset' ? {} : { name: name.trim() }),
      }),
    onSuccess: (session) => {
      keepCsrf(session.csrf)
      client.clear()
      if (purpose === 'reset') setDone(true)
      else location.assign('/')
    },
  })
  if (done) {
    return (
      <Card title={t('The password is changed')}>
        <p>{t('Every browser that was signed in is signed out. Sign in with the new one.')}</p>
        <Button variant="filled" component="a" href="/">
          {t('Sign in')}
        </Button>
      </Card>
    )
  }
  return (
    <Card title={titleOf(purpose, workspace)}>
      <p>
        {purpose === 'first' && t('Make the first account. It owns {{workspace}}, and can invite everybody else.', { workspace })}
        {purpose === 'invitation' && t('You were invited as {{email}}. Choose how you are called here, and a password.', { email: known })}
        {purpose === 'reset' && t('For {{email}}.', { email: known })}
      </p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          take.mutate()
        }}
      >
        {purpose === 'first' ? (
          <TextInput type="email" label={t('Email address')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} autoComplete="username" autoFocus required withAsterisk={false} />
        ) : (
          <input type="hidden" name="username" autoComplete="username" value={known} readOnly />
        )}
        {purpose !== 'reset' && (
          <TextInput label={t('Your name')} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="name" autoFocus={purpose === 'invitation'} />
        )}
        <PasswordInput
          label={t('Password')}
          description={t('Ten letters or more; a few words are easy to remember.')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('Password') }) }}
          autoFocus={purpose === 'reset'}
          required
          withAsterisk={false}
        />
        {take.isError && (
          <p className={styles.bad} role="alert">
            {refusalWords(take.error)}
          </p>
        )}
        <Button type="submit" variant="filled" fullWidth disabled={password.length < LEAST || (purpose === 'first' && !email.trim())} loading={take.isPending}>
          {purpose === 'first' ? t('Make the account') : purpose === 'invitation' ? t('Join') : t('Change password')}
        </Button>
      </form>
    </Card>
  )
}
