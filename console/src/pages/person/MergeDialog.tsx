import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { post, Refusal } from '~/api/client'
import { person as personQuery } from '~/api/queries'
import type { Person } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import { personName } from '~/words/people'
import styles from './MergeDialog.module.css'

/** Two people who are one. It can be taken apart again, and gives back exactly what was. */
export function MergeDialog({ person, id, close }: { person: Person; id: string; close: () => void }) {
  const client = useQueryClient()
  const [second, setSecond] = useState('')
  const [asked] = useDebouncedValue(second.trim(), 250)
  const other = useQuery({ ...personQuery(asked), enabled: asked !== '' && asked !== id })
  const self = other.data?.person === person.person
  const merge = useMutation({
    mutationFn: () => post('/api/people/merge', { first: person.user_id, second: asked }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['person', id] })
      void client.invalidateQueries({ queryKey: ['timeline', id] })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Merge {{name}} with someone', { name: personName(person) })}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          merge.mutate()
        }}
      >
        <p className="quiet">{t('Both histories become one timeline. “Take apart” on this page gives back exactly what was.')}</p>
        <TextInput
          label={t('The other person’s id')}
          placeholder={t('A user id or an anonymous id')}
          data-autofocus
          value={second}
          onChange={(event) => setSecond(event.currentTarget.value)}
          error={problem(asked !== '' ? other.error : null, self)}
        />
        {other.data && !self && (
          <p className={styles.found} role="status">
            <strong>{personName(other.data)}</strong>, {counted(Object.values(other.data.event_counts).reduce((a, b) => a + b, 0), '{{count}} event', '{{count}} events')}
          </p>
        )}
        {merge.isError && <p role="alert">{t('Not merged.')} {merge.error.message}</p>}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!other.data || self || asked !== second.trim()} loading={merge.isPending}>
            {t('Merge 2 people')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function problem(error: Error | null, self: boolean): string | null {
  if (self) return t('This is already the same person.')
  if (error instanceof Refusal) return `${error.message} ${error.hint ?? ''}`
  return error?.message ?? null
}
