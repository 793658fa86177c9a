import { Button, Select, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { channelProviders, connections as connectionsQuery } from '~/api/channels'
import { put, Refusal, route } from '~/api/client'
import type { ChannelProvider, Connection, Properties } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { SchemaForm } from '~/parts/SchemaForm'
import { Answered } from '~/parts/States'
import { declared } from '~/words/declared'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './ChannelsPage.module.css'

/** Sets a provider up, or changes one; its form is made from what the provider declares. */
export function ConnectionDialog({ connection, close }: { connection?: Connection; close: () => void }) {
  const query = useQuery(channelProviders)
  return (
    <Dialog onClose={close} title={connection ? t('Change “{{name}}”', { name: connection.name }) : t('Add a connection')} size={560}>
      <Answered query={query} what={t('The providers did not load')}>
        {(providers) => <Form providers={providers} connection={connection} close={close} />}
      </Answered>
    </Dialog>
  )
}

interface Props {
  providers: ChannelProvider[]
  connection: Connection | undefined
  close: () => void
}

function Form({ providers, connection, close }: Props) {
  const client = useQueryClient()
  const [provider, setProvider] = useState(connection?.provider ?? '')
  const [name, setName] = useState(connection?.name ?? '')
  const [settings, setSettings] = useState<Properties>(connection?.settings ?? {})
  const [carries, setCarries] = useState(connection?.default ?? true)
  const chosen = providers.find((each) => each.name === provider)
  const save = useMutation({
    mutationFn: () => put<Connection>(route`/api/connections/${name.trim()}`, { provider, settings, default: carries }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: connectionsQuery.queryKey })
      close()
    },
  })
  const refusal = save.error instanceof Refusal && save.error.path ? { path: save.error.path, message: save.error.message } : null
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      {!connection && (
        <>
          <Select
            label={t('Provider')}
            placeholder={t('Who carries the messages')}
            searchable
            data={grouped(providers)}
            value={provider || null}
            onChange={(next) => {
              setProvider(next ?? '')
              setSettings({})
              if (!name || name === provider) setName(next ?? '')
            }}
          />
          <TextInput label={t('Name')} description={t('What you call this connection; it stands in the address the provider calls.')} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        </>
      )}
      {chosen && (
        <>
          <SchemaForm key={provider} schema={chosen.settings} values={settings} change={setSettings} kept={connection?.secrets ?? {}} problem={refusal} />
          <Switch
            label={t('Carries {{channel}}', { channel: channelName(chosen.medium) })}
            description={t('Otherwise it stands by, and another connection carries the channel.')}
            checked={carries}
            onChange={(event) => setCarries(event.currentTarget.checked)}
          />
        </>
      )}
      {connection?.callback_url && (
        <p className={styles.callback}>
          <span>{t('Give the provider this address, so that it tells of deliveries, bounces and answers:')}</span>
          <code>{connection.callback_url}</code>
          <CopyButton text={() => connection.callback_url} label={t('Copy address')} />
        </p>
      )}
      {save.isError && (
        <p className={styles.bad} role="alert">
          {t('Not saved.')} {save.error.message} {save.error instanceof Refusal ? save.error.hint : ''}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={close}>{t('Cancel')}</Button>
        <Button type="submit" variant="filled" disabled={!chosen || !name.trim()} loading={save.isPending}>
          {t('Save connection')}
        </Button>
      </div>
    </form>
  )
}

function grouped(providers: ChannelProvider[]) {
  const mediums = [...new Set(providers.map(({ medium }) => medium))]
  return mediums.map((medium) => ({
    group: channelName(medium),
    items: providers.filter((each) => each.medium === medium).map(({ name, label }) => ({ value: name, label: declared(label) })),
  }))
}
