import { Button, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { get, route } from '~/api/client'
import { type InsightSaid, newId, SAVED_INSIGHTS, type SavedInsight, savedInsights, saveInsight } from '~/api/boards'
import { useMay } from '~/api/may'
import type { Json } from '~/api/types'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { MovedOnAsk, movedOn } from '~/parts/teamwork/MovedOnAsk'
import { t } from '~/words/language'
import styles from './Saved.module.css'

interface Props {
  kind: string
  question: Record<string, Json>
  /** What it is called unless somebody says otherwise. */
  title: string
  /** The id of the saved insight that is open, if one is. */
  saved: string | undefined
  /** Another action of the page is its first. */
  plain?: boolean
  /** It is saved under this id; a question that was taken over from somebody else comes with it. */
  done: (id: string, question?: Record<string, Json>) => void
}

/** Keeps the question that is asked: as a new insight, or on top of the one that is open. */
export function SaveInsight({ kind, question, title, saved, plain = false, done }: Props) {
  const may = useMay()('analyses:write')
  const [open, setOpen] = useState(false)
  const { data, isSuccess } = useQuery({ ...savedInsights, enabled: may })
  const opened = data?.find(({ id }) => id === saved)
  if (!may) return null
  return (
    <>
      <Button variant={plain ? 'default' : 'filled'} disabled={!isSuccess} onClick={() => setOpen(true)}>
        {t('Save')}
      </Button>
      {open && <SaveDialog said={{ kind, question }} title={title} opened={opened} done={done} close={() => setOpen(false)} />}
    </>
  )
}

interface DialogProps {
  said: Pick<InsightSaid, 'kind' | 'question'>
  title: string
  opened: SavedInsight | undefined
  done: Props['done']
  close: () => void
}

function SaveDialog({ said, title, opened, done, close }: DialogProps) {
  const client = useQueryClient()
  const [name, setName] = useState(opened?.name ?? title.slice(0, 200))
  const [description, setDescription] = useState(opened?.description ?? '')
  // What was open when the dialog was: it is saved on top of that, whatever is read meanwhile.
  const [based] = useState(opened)
  const mine: InsightSaid = { ...said, name: name.trim(), description }
  const save = useMutation({
    mutationFn: ({ id, on }: { id: string; on: number }) => saveInsight(id, mine, on),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: SAVED_INSIGHTS })
      close()
      done(id)
    },
  })
  if (based && movedOn(save.error) && !save.isPending)
    return (
      <MovedOnAsk
        error={save.error}
        read={() => get<SavedInsight>(route`/api/saved-insights/${based.id}`).then(({ name, description, kind, question }) => ({ name, description, kind, question }))}
        mine={mine}
        takeTheirs={(theirs) => {
          close()
          void client.invalidateQueries({ queryKey: SAVED_INSIGHTS })
          done(based.id, theirs.question as Record<string, Json>)
        }}
        keepMine={(version) => save.mutate({ id: based.id, on: version })}
        close={close}
      />
    )
  const anew = () => save.mutate({ id: newId(slug(name, 'insight')), on: 0 })
  return (
    <Dialog onClose={close} title={t('Save insight')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (!mine.name) return
          if (based) save.mutate({ id: based.id, on: based.version })
          else anew()
        }}
      >
        <TextInput
          label={t('Name')}
          data-autofocus
          maxLength={200}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          error={save.isError ? `${t('Not saved.')} ${save.error.message}` : undefined}
        />
        <Textarea label={t('Description')} autosize minRows={2} maxRows={6} maxLength={2000} value={description} onChange={({ currentTarget }) => setDescription(currentTarget.value)} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          {based && (
            <Button disabled={!mine.name} onClick={anew}>
              {t('Save as a new one')}
            </Button>
          )}
          <Button type="submit" variant="filled" disabled={!mine.name} loading={save.isPending}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
