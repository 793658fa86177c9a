import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { remove, route } from '~/api/client'
import { keys as keysQuery } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import styles from './Settings.module.css'

/** A revoked key never works again, so its name is typed first. */
export function RevokeDialog({ value, close }: { value: Shape<'KeyShape'>; close: () => void }) {
  const client = useQueryClient()
  const [typed, setTyped] = useState('')
  const revoke = useMutation({
    mutationFn: () => remove(route`/api/keys/${value.name}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Revoke “{{name}}”', { name: value.name })}>
      <div className={styles.form}>
        <p>
          {value.kind === 'write' ? t('Whatever uses this key can send nothing more from this moment.') : t('Whatever uses this key is locked out from this moment.')}{' '}
          {t('What came in by it stays. A revoked key cannot be brought back.')}
        </p>
        <TextInput label={t('Type {{name}} to revoke it', { name: value.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {revoke.isError && (
          <p className={styles.bad} role="alert">
            {t('Not revoked.')} {revoke.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger disabled={typed.trim() !== value.name} loading={revoke.isPending} onClick={() => revoke.mutate()}>
            {t('Revoke key')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
