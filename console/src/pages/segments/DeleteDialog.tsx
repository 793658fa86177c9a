import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { remove, route } from '~/api/client'
import type { SavedSegment } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from './SegmentBuilder.module.css'

export function DeleteDialog({ saved, count, close }: { saved: SavedSegment; count: number | null; close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const erase = useMutation({
    mutationFn: () => remove(route`/api/segments/${saved.id}`),
    onSuccess: async () => {
      await navigate({ to: '/segments' })
      await client.invalidateQueries({ queryKey: ['segments'] })
    },
  })
  return (
    <Dialog onClose={close} title={t('Delete “{{name}}”', { name: saved.name })}>
      <div className={styles.form}>
        <p>
          {count === null
            ? t('The definition goes away.')
            : counted(count, 'The definition goes away; the {{count}} person in it stays as they are.', 'The definition goes away; the {{count}} people in it stay as they are.')}{' '}
          {t('While a journey, a campaign or another segment uses it, it stays.')}
        </p>
        {erase.isError && <p role="alert">{t('Not deleted.')} {erase.error.message}</p>}
        <div className={styles.actions}>
          <Button onClick={close} data-autofocus>
            {t('Keep it')}
          </Button>
          <Button variant="filled" data-danger onClick={() => erase.mutate()} loading={erase.isPending}>
            {t('Delete segment')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
