import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { remove, route } from '~/api/client'
import type { SavedSegment } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { plural } from '~/words/numbers'
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
    <Dialog onClose={close} title={`Delete “${saved.name}”`}>
      <div className={styles.form}>
        <p>
          The definition goes away{count === null ? '' : `; the ${plural(count, 'person', 'people')} in it stay as they are`}. While a journey, a campaign or
          another segment uses it, it stays.
        </p>
        {erase.isError && <p role="alert">Not deleted. {erase.error.message}</p>}
        <div className={styles.actions}>
          <Button onClick={close} data-autofocus>
            Keep it
          </Button>
          <Button variant="filled" data-danger onClick={() => erase.mutate()} loading={erase.isPending}>
            Delete segment
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
