import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SavedKind } from '~/api/channels'
import { post, Refusal, remove, route } from '~/api/client'
import { useMay } from '~/api/may'
import type { Saved } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from '../channels/ChannelsPage.module.css'

interface Props {
  kind: SavedKind
  saved: Saved
}

/** Deletes a template or a block that nothing uses, and brings it back when that was a mistake. */
export function DeleteSaved({ kind, saved }: Props) {
  const [asking, setAsking] = useState(false)
  const label = kind === 'template' ? t('Delete this template') : t('Delete this block')
  if (!useMay()('content:write')) return null
  return (
    <>
      <Tooltip label={label}>
        <ActionIcon aria-label={label} onClick={() => setAsking(true)}>
          <Trash2 size={15} />
        </ActionIcon>
      </Tooltip>
      {asking && <DeleteDialog kind={kind} saved={saved} close={() => setAsking(false)} />}
    </>
  )
}

function DeleteDialog({ kind, saved, close }: Props & { close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { id, name } = saved.heading
  const gone = useMutation({ mutationFn: () => (kind === 'template' ? remove(route`/api/templates/${id}`) : remove(route`/api/blocks/${id}`)) })
  const undo = useMutation({
    mutationFn: () => (kind === 'template' ? post(route`/api/templates/${id}/restore`, { version: saved.heading.version }) : post(route`/api/blocks/${id}/restore`, { version: saved.heading.version })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [`${kind}s`] })
      close()
    },
  })
  const leave = async () => {
    await navigate({ to: '/content' })
    await client.invalidateQueries({ queryKey: [`${kind}s`] })
  }
  const uses = saved.used_by
  return (
    <Dialog onClose={() => (gone.isSuccess ? void leave() : close())} title={t('Delete “{{name}}”', { name: name || id })}>
      <div className={styles.form}>
        {gone.isSuccess ? (
          <p role="status">{t('“{{name}}” is deleted.', { name: name || id })}</p>
        ) : uses.length > 0 ? (
          <>
            <p>{counted(uses.length, 'It cannot be deleted while it is used in {{count}} place. Take it out there first:', 'It cannot be deleted while it is used in {{count}} places. Take it out there first:')}</p>
            <ul>
              {uses.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </>
        ) : (
          <p>{counted(saved.heading.version, 'Nothing uses it. Its {{count}} version stays, and it can be brought back at once.', 'Nothing uses it. Its {{count}} versions stay, and it can be brought back at once.')}</p>
        )}
        {gone.isError && (
          <p className={styles.bad} role="alert">
            {t('Not deleted.')} {gone.error.message} {gone.error instanceof Refusal ? gone.error.hint : ''}
          </p>
        )}
        {undo.isError && (
          <p className={styles.bad} role="alert">
            {t('Not restored.')} {undo.error.message}
          </p>
        )}
        <div className={styles.actions}>
          {gone.isSuccess ? (
            <>
              <Button loading={undo.isPending} onClick={() => undo.mutate()}>
                {t('Undo')}
              </Button>
              <Button variant="filled" onClick={() => void leave()}>
                {t('Done')}
              </Button>
            </>
          ) : (
            <>
              <Button onClick={close} data-autofocus>
                {t('Keep it')}
              </Button>
              <Button variant="filled" data-danger disabled={uses.length > 0} loading={gone.isPending} onClick={() => gone.mutate()}>
                {kind === 'template' ? t('Delete template') : t('Delete block')}
              </Button>
            </>
          )}
        </div>
      </div>
    </Dialog>
  )
}
