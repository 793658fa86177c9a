import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { segmentUsers } from '~/api/audiences'
import { remove, route } from '~/api/client'
import type { SavedSegment } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Answered, Waiting } from '~/parts/States'
import { UsedBy } from '~/parts/UsedBy'
import { counted, t } from '~/words/language'
import styles from './SegmentBuilder.module.css'

/** What uses it is told before anybody tries: as long as anything does, it stays. */
export function DeleteDialog({ saved, count, close }: { saved: SavedSegment; count: number | null; close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const users = useQuery({ ...segmentUsers(saved.id), staleTime: 0 })
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
        <Answered query={users} what={t('What uses it did not load')} waiting={<Waiting rows={2} />}>
          {(uses) =>
            uses.length > 0 ? (
              <>
                <p>{counted(uses.length, 'It cannot be deleted while it is used in {{count}} place. Take it out there first:', 'It cannot be deleted while it is used in {{count}} places. Take it out there first:')}</p>
                <UsedBy uses={uses} label={t('Used by')} />
              </>
            ) : (
              <p>
                {count === null
                  ? t('The definition goes away.')
                  : counted(count, 'The definition goes away; the {{count}} person in it stays as they are.', 'The definition goes away; the {{count}} people in it stay as they are.')}{' '}
                {t('Nothing uses it. Among the deleted segments it can be restored.')}
              </p>
            )
          }
        </Answered>
        {erase.isError && <p role="alert">{t('Not deleted.')} {erase.error.message}</p>}
        <div className={styles.actions}>
          <Button onClick={close} data-autofocus>
            {t('Keep it')}
          </Button>
          <Button variant="filled" data-danger disabled={users.data?.length !== 0} onClick={() => erase.mutate()} loading={erase.isPending}>
            {t('Delete segment')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
