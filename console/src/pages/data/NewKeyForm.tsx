import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post } from '~/api/client'
import { keys as keysQuery } from '~/api/queries'
import type { Key } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { t } from '~/words/language'
import styles from './DataPage.module.css'

/** Makes a key and shows it this once. */
export function NewKeyForm() {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [kind, setKind] = useState('write')
  const make = useMutation({
    mutationFn: () => post<Key & { key: string }>('/api/keys', { name: name.trim(), kind }),
    onSuccess: () => {
      setName('')
      return client.invalidateQueries({ queryKey: keysQuery.queryKey })
    },
  })
  return (
    <>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <TextInput label={t('Name of a new key')} placeholder={t('Where it will be used')} w={220} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select
          label={t('Kind')}
          w={170}
          data={[
            { value: 'write', label: t('Write: sends data') },
            { value: 'api', label: t('API: reads and acts') },
          ]}
          value={kind}
          onChange={(value) => setKind(value ?? 'write')}
        />
        <Button type="submit" variant="filled" disabled={!name.trim()} loading={make.isPending}>
          {t('Make key')}
        </Button>
      </form>
      {make.isError && (
        <p className={styles.bad} role="alert">
          {t('No key was made.')} {make.error.message}
        </p>
      )}
      {make.data && (
        <div className={styles.once} role="status">
          <span>
            <strong>{make.data.name}</strong>
            {make.data.kind === 'api' && t(', shown this once')}:
          </span>
          <code>{make.data.key}</code>
          <CopyButton text={() => make.data.key} />
        </div>
      )}
    </>
  )
}
