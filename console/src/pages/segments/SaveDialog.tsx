import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { put, route } from '~/api/client'
import type { Json, SavedSegment } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import styles from './SegmentBuilder.module.css'
import { slug } from './slug'

export function SaveDialog({ saved, definition, close }: { saved: SavedSegment | null; definition: Json; close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [unnamed] = useState(() => `segment-${Date.now().toString(36)}`)
  const [name, setName] = useState(saved?.name ?? '')
  const id = saved?.id ?? slug(name, unnamed)
  const save = useMutation({
    mutationFn: () => put(route`/api/segments/${id}`, { name: name.trim(), definition }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['segments'] })
      close()
      await navigate({ to: '/segments/$id', params: { id } })
    },
  })
  return (
    <Dialog onClose={close} title={t('Save segment')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <TextInput
          label={t('Name')}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          description={id ? t('Known to the API as {{id}}', { id }) : t('A few words people will recognise')}
          error={save.isError ? `${t('Not saved.')} ${save.error.message}` : undefined}
        />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!id || id === 'new'} loading={save.isPending}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
