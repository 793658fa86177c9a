import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { post, Refusal } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import { told } from '~/words/told'
import styles from './Guide.module.css'

/** One mail to oneself. Without a channel it is kept in the built-in mailbox, and goes nowhere. */
export function FirstMessage() {
  const client = useQueryClient()
  const may = useMay()
  const [to, setTo] = useState('')
  const send = useMutation({
    mutationFn: () =>
      post<Shape<'Tested'>>('/api/templates/test', {
        medium: 'email',
        content: { subject: t('The first message'), html: `<p>${t('It works: this came from your own Holdfast.')}</p>` },
        to: to.trim(),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['mailbox'] }),
  })
  if (!may('decisions:publish')) return <p className="quiet">{t('An owner or admin can let you do this, in Settings → Accounts.')}</p>
  return (
    <>
      <p className="quiet">
        {t('Until a channel is set up, every message is kept in the built-in mailbox and goes nowhere: try as much as you like.')}{' '}
        {may('settings:write') && (
          <Link to="/channels" className="link">
            {t('Set up a channel')}
          </Link>
        )}
      </p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (to.trim()) send.mutate()
        }}
      >
        <TextInput type="email" label={t('Your email address')} placeholder="ada@example.com" value={to} onChange={({ currentTarget }) => setTo(currentTarget.value)} />
        <Button type="submit" disabled={!to.trim()} loading={send.isPending}>
          {t('Send the first message')}
        </Button>
      </form>
      {send.data && !send.data.taken && <p role="alert">{t('Not taken: {{said}}', { said: told(send.data.said) })}</p>}
      {send.isError && (
        <p role="alert">
          {t('Not sent.')} {send.error.message} {send.error instanceof Refusal ? send.error.hint : ''}
        </p>
      )}
    </>
  )
}
