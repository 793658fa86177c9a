import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { get, put, route } from '~/api/client'
import type { Json, SavedSegment } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { MovedOnAsk, movedOn } from '~/parts/teamwork/MovedOnAsk'
import { t } from '~/words/language'
import styles from './SegmentBuilder.module.css'
import { slug } from './slug'

interface Props {
  saved: SavedSegment | null
  /** The version that was read; 0 for a new one. */
  based: number
  definition: Json
  /** It is saved, as this version. */
  done: (version: number) => void
  /** Go on from what somebody else has saved. */
  takeTheirs: (theirs: Json, version: number) => void
  close: () => void
}

export function SaveDialog({ saved, based, definition, done, takeTheirs, close }: Props) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [unnamed] = useState(() => `segment-${Date.now().toString(36)}`)
  const [name, setName] = useState(saved?.name ?? '')
  const id = saved?.id ?? slug(name, unnamed)
  const save = useMutation({
    mutationFn: (on: number) => put<SavedSegment>(route`/api/segments/${id}`, { name: name.trim(), definition, based_on: on }),
    onSuccess: async ({ version = 0 }) => {
      done(version)
      await client.invalidateQueries({ queryKey: ['segments'] })
      close()
      await navigate({ to: '/segments/$id', params: { id } })
    },
  })
  if (movedOn(save.error) && !save.isPending)
    return (
      <MovedOnAsk
        error={save.error}
        read={async () => (await get<SavedSegment>(route`/api/segments/${id}`)).definition}
        mine={definition}
        takeTheirs={(theirs, version) => {
          takeTheirs(theirs, version)
          close()
        }}
        keepMine={(version) => save.mutate(version)}
        close={close}
      />
    )
  return (
    <Dialog onClose={close} title={t('Save segment')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate(based)
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
