import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post, put, route } from '~/api/client'
import { lists } from '~/api/people'
import type { Shape } from '~/api/shape'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import styles from './PeoplePage.module.css'

const A_NEW_ONE = ' new'

interface Props {
  people: number
  names: () => Promise<string[]>
  close: () => void
}

/** Puts people on a list there is, or on a new one. */
export function ListDialog({ people, names, close }: Props) {
  const client = useQueryClient()
  const known = useQuery(lists).data ?? []
  const [unnamed] = useState(() => `list-${Date.now().toString(36)}`)
  const [chosen, setChosen] = useState(A_NEW_ONE)
  const [name, setName] = useState('')
  const id = chosen === A_NEW_ONE ? slug(name, unnamed) : chosen
  const taken = chosen === A_NEW_ONE && known.some((each) => each.id === id)
  const add = useMutation({
    mutationFn: async () => {
      const wanted = await names()
      return chosen === A_NEW_ONE
        ? put<Shape<'ListChangeShape'>>(route`/api/lists/${id}`, { name: name.trim(), people: wanted })
        : post<Shape<'ListChangeShape'>>(route`/api/lists/${id}/people`, { add: wanted })
    },
    onSuccess: () => client.invalidateQueries({ queryKey: lists.queryKey }),
  })
  return (
    <Dialog onClose={close} title={counted(people, 'Put {{count}} person on a list', 'Put {{count}} people on a list')}>
      {add.data ? (
        <div className={styles.fields}>
          <p role="status">
            {counted(add.data.added, '{{count}} person was put on “{{list}}”, which has {{people}} now.', '{{count}} people were put on “{{list}}”, which has {{people}} now.', { list: add.data.name, people: add.data.people })}
          </p>
          <div className={styles.actions}>
            <Button variant="filled" onClick={close} data-autofocus>
              {t('Done')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={styles.fields}
          onSubmit={(event) => {
            event.preventDefault()
            add.mutate()
          }}
        >
          <Select
            label={t('List')}
            allowDeselect={false}
            data={[{ value: A_NEW_ONE, label: t('A new list') }, ...known.map((each) => ({ value: each.id, label: each.name }))]}
            value={chosen}
            onChange={(next) => setChosen(next ?? A_NEW_ONE)}
          />
          {chosen === A_NEW_ONE && (
            <TextInput
              label={t('Name of the list')}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={taken ? t('There is a list of that name: choose it above.') : undefined}
            />
          )}
          {add.isError && (
            <p className={styles.problem} role="alert">
              {t('Nobody was put on the list.')} {add.error.message}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" disabled={!id || taken} loading={add.isPending}>
              {counted(people, 'Put {{count}} person on it', 'Put {{count}} people on it')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
