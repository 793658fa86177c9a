import { Button, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { coupons } from '~/api/channels'
import { address, Refusal, remove, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { CouponPool } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from '../channels/ChannelsPage.module.css'

/** The codes that nobody has are gone for good, so the pool's name is typed; who hands them out is said. */
export function WithdrawDialog({ pool, close }: { pool: CouponPool; close: () => void }) {
  const client = useQueryClient()
  const [typed, setTyped] = useState('')
  const [anyway, setAnyway] = useState(false)
  const act = useMutation({
    mutationFn: () => remove<Shape<'WithdrawnShape'>>(address(route`/api/coupons/${pool.name}`, anyway ? { allow_unknown: true } : {})),
    onSuccess: () => client.invalidateQueries({ queryKey: coupons.queryKey }),
  })
  if (act.data)
    return (
      <Dialog onClose={close} title={t('Withdraw “{{name}}”', { name: pool.name })}>
        <div className={styles.form}>
          <p role="status">{counted(act.data.withdrawn, '{{count}} code was withdrawn.', '{{count}} codes were withdrawn.')}</p>
          <div className={styles.actions}>
            <Button variant="filled" onClick={close} data-autofocus>
              {t('Done')}
            </Button>
          </div>
        </div>
      </Dialog>
    )
  return (
    <Dialog onClose={close} title={t('Withdraw “{{name}}”', { name: pool.name })}>
      <div className={styles.form}>
        <p>
          {counted(pool.left, '{{count}} code that nobody has is deleted for good.', '{{count}} codes that nobody has are deleted for good.')}{' '}
          {pool.given > 0 && counted(pool.given, 'The {{count}} that was given stays, so that it is never given again.', 'The {{count}} that were given stay, so that none is given again.')}{' '}
          {t('Messages that hand out a code of this pool are then not sent.')}
        </p>
        <TextInput label={t('Type {{name}} to withdraw it', { name: pool.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {act.isError && (
          <p className={styles.bad} role="alert">
            {t('Nothing was withdrawn.')} {act.error.message}
          </p>
        )}
        {act.error instanceof Refusal && act.error.code === 'in_use' && (
          <Switch label={t('Withdraw them all the same: those messages are not sent until they are changed')} checked={anyway} onChange={(event) => setAnyway(event.currentTarget.checked)} />
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger disabled={typed.trim() !== pool.name} loading={act.isPending} onClick={() => act.mutate()}>
            {t('Withdraw codes')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
