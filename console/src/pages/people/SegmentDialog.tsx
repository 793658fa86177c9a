import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { put, route } from '~/api/client'
import { segments } from '~/api/queries'
import type { Json, SavedSegment } from '~/api/types'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from './PeoplePage.module.css'

/** Keeps the filters of the list as a segment, which goes on counting whoever they hold for. */
export function SegmentDialog({ definition, total, close }: { definition: Json; total: number; close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const saved = useQuery(segments).data ?? []
  const [unnamed] = useState(() => `segment-${Date.now().toString(36)}`)
  const [name, setName] = useState('')
  const id = slug(name, unnamed)
  const taken = saved.some((each) => each.id === id)
  const save = useMutation({
    mutationFn: () => put<SavedSegment>(route`/api/segments/${id}`, { name: name.trim(), definition, based_on: 0 }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['segments'] })
      close()
      await navigate({ to: '/segments/$id', params: { id } })
    },
  })
  return (
    <Dialog onClose={close} title={t('Save as segment')}>
      <form
        className={styles.fields}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <p className="quiet">{counted(total, 'It holds for {{count}} person now, and goes on counting.', 'It holds for {{count}} people now, and goes on counting.')}</p>
        <TextInput
          label={t('Name of the segment')}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={taken ? t('There is a segment of that name.') : save.isError ? `${t('Not saved.')} ${save.error.message}` : undefined}
        />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!id || taken || id === 'new'} loading={save.isPending}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
