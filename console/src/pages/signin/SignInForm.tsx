import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { methods, signIn } from '~/api/accounts'
import { address, Refusal } from '~/api/client'
import type { Session } from '~/api/types'
import { Said } from '~/words/Said'
import { t } from '~/words/language'
import { refusalWords } from './refusals'
import styles from './SignIn.module.css'

interface Props {
  /** Who is asked to sign in again; nobody in particular otherwise. */
  email?: string
  /** By what to begin; whoever came by a key comes by one again. */
  byKey?: boolean
  done: (session: Session) => void
}

/** An address and a password, a code where there is a second factor; a provider; or an api key. */
export function SignInForm({ email: known = '', byKey = false, done }: Props) {
  const [way, setWay] = useState<'account' | 'key'>(byKey ? 'key' : 'account')
  return way === 'account' ? (
    <ByAccount known={known} done={done} other={() => setWay('key')} />
  ) : (
    <ByKey done={done} other={() => setWay('account')} />
  )
}

function ByAccount({ known, done, other }: { known: string; done: Props['done']; other: () => void }) {
  const offered = useQuery(methods).data
  const [email, setEmail] = useState(known)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const enter = useMutation({ mutationFn: () => signIn({ email: email.trim(), password, ...(code.trim() ? { code: code.trim() } : {}) }), onSuccess: done })
  const refusal = enter.error instanceof Refusal ? enter.error : null
  const [asked, setAsked] = useState(false)
  if (!asked && (refusal?.code === 'code_needed' || refusal?.code === 'wrong_code')) setAsked(true)
  // That a code is asked for is no mistake of theirs.
  const said = enter.error && refusal?.code !== 'code_needed' ? refusalWords(enter.error) : null
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        enter.mutate()
      }}
    >
      {offered?.oidc.map((provider) => (
        <Button key={provider.id} component="a" fullWidth href={address('/session/oidc', { next: location.pathname + location.search })}>
          {t('Continue with {{provider}}', { provider: provider.label })}
        </Button>
      ))}
      {offered && offered.oidc.length > 0 && <p className={styles.or}>{t('or')}</p>}
      <TextInput
        type="email"
        label={t('Email address')}
        value={email}
        onChange={(event) => {
          setEmail(event.currentTarget.value)
          setAsked(false)
        }}
        autoComplete="username"
        readOnly={known !== ''}
        autoFocus={known === ''}
        required
        withAsterisk={false}
      />
      <PasswordInput
        label={t('Password')}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('Password') }) }}
        autoFocus={known !== ''}
        required
        withAsterisk={false}
      />
      {asked && (
        <TextInput
          label={t('Code')}
          description={t('The six digits your app shows now, or a recovery code.')}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          inputMode="text"
          autoFocus
          required
          withAsterisk={false}
        />
      )}
      {said && (
        <p className={styles.bad} role="alert">
          {said}
        </p>
      )}
      <Button type="submit" variant="filled" fullWidth disabled={!email.trim() || !password || (asked && !code.trim())} loading={enter.isPending}>
        {t('Sign in')}
      </Button>
      <button type="button" className={styles.other} onClick={other}>
        {t('Use an API key instead')}
      </button>
    </form>
  )
}

/** The answer is a cookie that scripts cannot read; the key itself is not kept. */
function ByKey({ done, other }: { done: Props['done']; other: () => void }) {
  const [key, setKey] = useState('')
  const enter = useMutation({ mutationFn: () => signIn({ key: key.trim() }), onSuccess: done })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        enter.mutate()
      }}
    >
      <p>
        <Said text="Whoever can read the server’s data directory finds the first key in <file>keys.json</file>; <command>holdfast keys add NAME --kind api</command> makes more." parts={{ file: <code />, command: <code /> }} />
      </p>
      <PasswordInput
        label={t('API key')}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('API key') }) }}
        error={enter.isError ? keyRefused(enter.error) : undefined}
        required
        withAsterisk={false}
        autoFocus
      />
      <Button type="submit" variant="filled" fullWidth disabled={!key.trim()} loading={enter.isPending}>
        {t('Sign in')}
      </Button>
      <button type="button" className={styles.other} onClick={other}>
        {t('Use an email address and password instead')}
      </button>
    </form>
  )
}

function keyRefused(error: Error): string {
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return t('No active API key reads like this one. A write key does not open the console.')
  if (error instanceof Refusal && error.code === 'too_many_attempts') return t('Too many keys that nobody knows. Wait a quarter of an hour; a right one is taken at once.')
  return refusalWords(error)
}
