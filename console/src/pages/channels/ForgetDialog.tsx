import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { connections as connectionsQuery } from '~/api/channels'
import { remove, route } from '~/api/client'
import type { Connection } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './ChannelsPage.module.css'

/** A connection and its secrets are forgotten for good, so its name is typed first. */
export function ForgetDialog({ connection, close }: { connection: Connection; close: () => void }) {
  const client = useQueryClient()
  const [typed, setTyped] = useState('')
  const forget = useMutation({
    mutationFn: () => remove(route`/api/connections/${connection.name}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: connectionsQuery.queryKey })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Forget “{{name}}”', { name: connection.name })}>
      <div className={styles.form}>
        <p>{t('Its settings and secrets are gone for good. {{channel}} messages that wait to go by it wait for another connection.', { channel: channelName(connection.medium) })}</p>
        <TextInput label={t('Type {{name}} to forget it', { name: connection.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {forget.isError && (
          <p className={styles.bad} role="alert">
            {t('Not forgotten.')} {forget.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger disabled={typed.trim() !== connection.name} loading={forget.isPending} onClick={() => forget.mutate()}>
            {t('Forget connection')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
