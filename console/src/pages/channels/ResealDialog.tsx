import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { connections as connectionsQuery } from '~/api/channels'
import { post, Refusal } from '~/api/client'
import type { Shape } from '~/api/shape'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from './ChannelsPage.module.css'

/** After the server's key was changed: every secret is sealed with the new one, and the old one may be thrown away. */
export function ResealDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  const sealed = (useQuery(connectionsQuery).data?.connections ?? []).filter(({ secrets }) => Object.values(secrets).some(Boolean)).length
  const [old, setOld] = useState('')
  const seal = useMutation({
    mutationFn: () => post<Shape<'Resealed'>>('/api/connections/reseal', { old_key: old || null }),
    onSuccess: () => client.invalidateQueries({ queryKey: connectionsQuery.queryKey }),
  })
  return (
    <Dialog onClose={close} title={t('Seal secrets anew')}>
      {seal.data ? (
        <div className={styles.form}>
          <p role="status">
            {seal.data.connections === 0
              ? t('Every secret was sealed with the key that is set now already.')
              : counted(seal.data.connections, 'The secrets of {{count}} connection were sealed anew. The old key opens nothing any more.', 'The secrets of {{count}} connections were sealed anew. The old key opens nothing any more.')}
          </p>
          <div className={styles.actions}>
            <Button variant="filled" onClick={close} data-autofocus>
              {t('Done')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            seal.mutate()
          }}
        >
          <p>{counted(sealed, 'The secrets of {{count}} connection are sealed with the key that the server has now. Messages go on meanwhile. Do so after you changed {{setting}}.', 'The secrets of {{count}} connections are sealed with the key that the server has now. Messages go on meanwhile. Do so after you changed {{setting}}.', { setting: 'secret_key' })}</p>
          <PasswordInput
            label={t('The key from before')}
            description={t('Only if the server does not have it among its settings any more')}
            autoComplete="off"
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
          {seal.isError && (
            <p className={styles.bad} role="alert">
              {t('Nothing was sealed anew.')} {seal.error.message} {seal.error instanceof Refusal ? seal.error.hint : ''}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" loading={seal.isPending}>
              {t('Seal anew')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
