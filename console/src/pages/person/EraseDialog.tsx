import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { post } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Person } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import { personName } from '~/words/people'
import styles from './MergeDialog.module.css'

/** Longer than this nobody types a name; their first letters do then. */
const TYPED_MOST = 60

/** Everything that is held of one person goes, for good; so their name is typed first. */
export function EraseDialog({ id, person, close }: { id: string; person: Person; close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const name = personName(person)
  const wanted = name.slice(0, TYPED_MOST).trim()
  const events = Object.values(person.event_counts).reduce((total, times) => total + times, 0)
  const erase = useMutation({ mutationFn: () => post<Shape<'ErasureShape'>>('/api/erasures', { person: id }) })
  const leave = async (certificate?: string) => {
    if (certificate) await navigate({ to: '/settings', search: { tab: 'privacy', erasure: certificate } })
    else await navigate({ to: '/people' })
    client.removeQueries({ queryKey: ['person', id] })
    client.removeQueries({ queryKey: ['timeline', id] })
    void client.invalidateQueries({ queryKey: ['people-sought'] })
  }
  if (erase.data)
    return (
      <Dialog onClose={() => void leave()} title={t('They are forgotten')}>
        <div className={styles.form}>
          <p role="status">
            {t('The certificate of it is {{id}}. It names nobody, and proves on demand that nothing is left.', { id: erase.data.id })}
          </p>
          <div className={styles.actions}>
            <Button onClick={() => void leave(erase.data.id)}>{t('See the certificate')}</Button>
            <Button variant="filled" data-autofocus onClick={() => void leave()}>
              {t('Back to people')}
            </Button>
          </div>
        </div>
      </Dialog>
    )
  return (
    <Dialog onClose={close} title={t('Erase 1 person: {{name}}', { name: wanted })}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          erase.mutate()
        }}
      >
        <p>
          {counted(
            events,
            'Their traits, addresses, messages and {{count}} event are removed from every store. It cannot be undone. Export first what has to be kept.',
            'Their traits, addresses, messages and {{count}} events are removed from every store. It cannot be undone. Export first what has to be kept.',
          )}
        </p>
        <TextInput label={t('Type {{name}} to erase them', { name: wanted })} data-autofocus value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        {erase.isError && (
          <p role="alert">
            {t('Not erased.')} {erase.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep them')}</Button>
          <Button type="submit" variant="filled" data-danger disabled={typed.trim() !== wanted} loading={erase.isPending}>
            {t('Erase 1 person')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
