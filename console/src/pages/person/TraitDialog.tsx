import { Button, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { put, route } from '~/api/client'
import { person as personQuery } from '~/api/queries'
import type { Json, Person, Properties } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { personName, readable } from '~/words/people'
import styles from './MergeDialog.module.css'
import { kindOf, readAs, type TraitKind, writtenAs } from './traitValue'

interface Props {
  id: string
  person: Person
  /** The trait that is changed; empty for a new one. */
  name: string
  close: () => void
}

/** Sets a trait or takes it away. It counts at once, and is an event in their history, by whom. */
export function TraitDialog({ id, person, name, close }: Props) {
  const client = useQueryClient()
  const before = person.traits[name]
  const [called, setCalled] = useState(name)
  const [kind, setKind] = useState<TraitKind>(kindOf(before))
  const [written, setWritten] = useState(writtenAs(before))
  const read = readAs(kind, written)
  const problem = 'problem' in read ? read.problem : null
  const trait = called.trim()
  const change = useMutation({
    mutationFn: (value: Json) => put<{ traits: Properties }>(route`/api/people/${id}/traits`, { set: { [trait]: value } }),
    onSuccess: async ({ traits }) => {
      client.setQueryData<Person>(personQuery(id).queryKey, (old) => (old ? { ...old, traits } : old))
      void client.invalidateQueries({ queryKey: ['person', id] })
      void client.invalidateQueries({ queryKey: ['people-sought'] })
      close()
    },
  })
  const kinds = [
    { value: 'text', label: t('Text') },
    { value: 'number', label: t('Number') },
    { value: 'truth', label: t('Yes or no') },
    { value: 'json', label: t('List or object') },
  ]
  return (
    <Dialog onClose={close} title={name ? t('Change {{name}}', { name: readable(name).slice(0, 60) }) : t('Add a trait to {{name}}', { name: personName(person).slice(0, 60) })}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if ('value' in read) change.mutate(read.value)
        }}
      >
        {!name && (
          <TextInput
            label={t('Name of the trait')}
            data-autofocus
            value={called}
            onChange={(event) => setCalled(event.currentTarget.value)}
            error={trait in person.traits ? t('They have this trait; this changes it.') : undefined}
          />
        )}
        <SegmentedControl aria-label={t('Kind of value')} data={kinds} value={kind} onChange={(next) => setKind(next as TraitKind)} />
        {kind === 'truth' ? (
          <Select
            label={t('Value')}
            allowDeselect={false}
            data={[
              { value: 'true', label: t('Yes') },
              { value: 'false', label: t('No') },
            ]}
            value={written === 'true' ? 'true' : 'false'}
            onChange={(next) => setWritten(next ?? 'false')}
          />
        ) : kind === 'json' ? (
          <Textarea label={t('Value')} autosize minRows={4} maxRows={14} spellCheck={false} value={written} onChange={(event) => setWritten(event.currentTarget.value)} error={problem} />
        ) : (
          <TextInput label={t('Value')} data-autofocus={name ? true : undefined} value={written} onChange={(event) => setWritten(event.currentTarget.value)} error={written === '' ? undefined : problem} />
        )}
        {change.isError && (
          <p role="alert">
            {t('Not changed.')} {change.error.message}
          </p>
        )}
        <div className={styles.actions}>
          {name && (
            <Button data-danger onClick={() => change.mutate(null)} loading={change.isPending && change.variables === null}>
              {t('Take it away')}
            </Button>
          )}
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!trait || problem !== null} loading={change.isPending && change.variables !== null}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
