import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { post, Refusal, route } from '~/api/client'
import type { Connection, Trial } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { declared } from '~/words/declared'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { told } from '~/words/told'
import styles from './ChannelsPage.module.css'

/** Sends one message by a connection now, to one address. */
export function TrialDialog({ connection, close }: { connection: Connection; close: () => void }) {
  const [to, setTo] = useState('')
  const send = useMutation({ mutationFn: () => post<Trial>(route`/api/connections/${connection.name}/test`, { to: to.trim() }) })
  return (
    <Dialog onClose={close} title={t('Test “{{name}}”', { name: connection.name })}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          send.mutate()
        }}
      >
        <p>
          {t('One {{channel}} message goes out now by {{provider}}, to this address only. It counts for nothing.', { channel: channelName(connection.medium), provider: declared(connection.label) })}
        </p>
        <TextInput label={t('Recipient')} placeholder={t('An address of yours on this channel')} value={to} onChange={(event) => setTo(event.currentTarget.value)} data-autofocus />
        {send.data && (
          <p className={styles.said} data-good={send.data.verdict === 'accepted' || undefined} role="status">
            {said(send.data, declared(connection.label))}
          </p>
        )}
        {send.isError && (
          <p className={styles.bad} role="alert">
            {t('Not sent.')} {send.error.message} {send.error instanceof Refusal ? send.error.hint : ''}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Close')}</Button>
          <Button type="submit" variant="filled" loading={send.isPending}>
            {t('Send 1 test message')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function said(trial: Trial, label: string): string {
  switch (trial.verdict) {
    case 'accepted':
      if (trial.kept) return t('Kept in the built-in mailbox.')
      return trial.provider_id ? t('{{provider}} took it as {{id}}.', { provider: label, id: trial.provider_id }) : t('{{provider}} took it.', { provider: label })
    case 'deferred':
      return t('Not now: {{reason}}', { reason: told(trial.reason) })
    case 'refused':
      return t('Refused: {{reason}}', { reason: told(trial.reason) })
    case 'in_doubt':
      return t('Nobody knows whether it went: {{reason}}', { reason: told(trial.reason) })
  }
}
