import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post, Refusal } from '~/api/client'
import { session } from '~/api/queries'
import { Mark } from '~/frame/Mark'
import { t } from '~/words/language'
import styles from './SignIn.module.css'

/** One field: the API key. The answer is a cookie that scripts cannot read; the key itself is not kept. */
export default function SignIn() {
  const client = useQueryClient()
  const [key, setKey] = useState('')
  const enter = useMutation({
    mutationFn: () => post('/session', { key: key.trim() }),
    onSuccess: () => client.invalidateQueries({ queryKey: session.queryKey }),
  })
  return (
    <main className={styles.page}>
      <form
        className={styles.card}
        onSubmit={(event) => {
          event.preventDefault()
          enter.mutate()
        }}
      >
        <Mark size={28} />
        <h1>{t('Sign in to Holdfast')}</h1>
        <p>
          {t('Use an API key of this workspace. The first one is in')} <code>{'keys.json'}</code> {t('in its data directory;')}{' '}
          <code>{t('holdfast keys add NAME --kind api')}</code> {t('makes more.')}
        </p>
        <PasswordInput
          label={t('API key')}
          size="xs"
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          autoComplete="current-password"
          error={enter.isError ? refused(enter.error) : undefined}
          required
          withAsterisk={false}
          autoFocus
        />
        <Button type="submit" variant="filled" fullWidth disabled={!key.trim()} loading={enter.isPending}>
          {t('Sign in')}
        </Button>
      </form>
    </main>
  )
}

function refused(error: Error): string {
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
    return 'No active API key reads like this one. A write key does not open the console.'
  }
  return error.message
}
