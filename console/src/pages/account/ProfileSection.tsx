import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeMe, me } from '~/api/accounts'
import { session } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { refusalWords } from '~/pages/signin/refusals'
import styles from '~/pages/settings/Settings.module.css'
import { t } from '~/words/language'
import { roleAbout, roleName } from '~/words/roles'

export function ProfileSection({ mine }: { mine: Shape<'MeShape'> }) {
  return (
    <div className={styles.narrow}>
      <dl className={styles.facts}>
        <div>
          <dt>{t('Email address')}</dt>
          <dd>{mine.account.email}</dd>
        </div>
        <div>
          <dt>{t('Role')}</dt>
          <dd>
            {roleName(mine.account.role)}
            <span className="faint"> {roleAbout(mine.account.role)}</span>
          </dd>
        </div>
      </dl>
      <NameForm mine={mine} />
      <PasswordForm mine={mine} />
    </div>
  )
}

function NameForm({ mine }: { mine: Shape<'MeShape'> }) {
  const client = useQueryClient()
  const [name, setName] = useState(mine.account.name)
  const save = useMutation({
    mutationFn: () => changeMe({ name: name.trim() }),
    onSuccess: async (found) => {
      client.setQueryData(me.queryKey, found)
      await client.invalidateQueries({ queryKey: session.queryKey })
    },
  })
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <TextInput label={t('Your name')} description={t('What others here see beside what you changed and said.')} value={name} onChange={(event) => setName(event.currentTarget.value)} autoComplete="name" />
      {save.isError && (
        <p className={styles.bad} role="alert">
          {t('Not saved.')} {save.error.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" variant="filled" disabled={!name.trim() || name.trim() === mine.account.name} loading={save.isPending}>
          {t('Save name')}
        </Button>
      </div>
    </form>
  )
}

function PasswordForm({ mine }: { mine: Shape<'MeShape'> }) {
  const client = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const save = useMutation({
    mutationFn: () => changeMe({ password: { current, new: next } }),
    onSuccess: async (found) => {
      setCurrent('')
      setNext('')
      client.setQueryData(me.queryKey, found)
      await client.invalidateQueries({ queryKey: ['browsers'] })
    },
  })
  return (
    <form
      className={styles.form}
      aria-labelledby="own-password"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <h2 id="own-password">{mine.has_password ? t('Change your password') : t('Choose a password')}</h2>
      <input type="hidden" name="username" autoComplete="username" value={mine.account.email} readOnly />
      {mine.has_password && (
        <PasswordInput
          label={t('The password you have now')}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('The password you have now') }) }}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
      )}
      <PasswordInput
        label={t('New password')}
        description={t('Ten letters or more; a few words are easy to remember. Every other browser is signed out.')}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('New password') }) }}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
      {save.isError && (
        <p className={styles.bad} role="alert">
          {refusalWords(save.error)}
        </p>
      )}
      {save.isSuccess && (
        <p className={styles.good} role="status">
          {t('The password is changed, and every other browser signed out.')}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" variant="filled" disabled={!next || (mine.has_password && !current)} loading={save.isPending}>
          {t('Change password')}
        </Button>
      </div>
    </form>
  )
}
