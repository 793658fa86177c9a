import { ActionIcon, Button, Textarea, Tooltip } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { put } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import styles from './DataPage.module.css'

const LETTERS_MOST = 2_000

interface Props {
  /** The event it is the name of, or of which it is a property; none for a trait. */
  event?: string
  /** The property or trait; none for the event itself. */
  name?: string
  text: string
}

/** What a name means, in the words of those who know; they write it here. */
export function Meaning({ event, name, text }: Props) {
  const client = useQueryClient()
  const may = useMay()('data:write')
  const [written, setWritten] = useState<string | null>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const wasOpen = useRef(false)
  useEffect(() => {
    // The field is gone, and the focus would fall to the page with it.
    if (written === null && wasOpen.current) opener.current?.focus()
    wasOpen.current = written !== null
  }, [written])
  const close = () => setWritten(null)
  const save = useMutation({
    mutationFn: (said: string) => put<Shape<'MeaningShape'>>('/api/schema/meanings', { event: event ?? null, name: name ?? null, text: said }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['schema'] })
      close()
    },
  })
  const called = (name ?? event ?? '').slice(0, 120)
  if (written === null)
    return (
      <div className={styles.meaning}>
        {text && (
          <p>
            <bdi>{text}</bdi>
          </p>
        )}
        {may && (
          <Tooltip label={t('Say what {{name}} means', { name: called })}>
            <ActionIcon ref={opener} variant="subtle" aria-label={t('Say what {{name}} means', { name: called })} onClick={() => setWritten(text)}>
              <Pencil size={13} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
    )
  return (
    <form
      className={styles.keys}
      onSubmit={(submitted) => {
        submitted.preventDefault()
        save.mutate(written)
      }}
      onKeyDown={(pressed) => {
        if (pressed.key !== 'Escape') return
        pressed.stopPropagation()
        close()
      }}
    >
      <Textarea
        label={t('What {{name}} means', { name: called })}
        data-autofocus
        autoFocus
        autosize
        maxRows={8}
        maxLength={LETTERS_MOST}
        value={written}
        onChange={({ currentTarget }) => setWritten(currentTarget.value)}
        error={save.isError ? `${t('Not saved.')} ${save.error.message}` : undefined}
      />
      <div className={styles.actions}>
        <Button onClick={close}>{t('Cancel')}</Button>
        <Button type="submit" variant="filled" loading={save.isPending} disabled={written.trim() === text}>
          {t('Save')}
        </Button>
      </div>
    </form>
  )
}
