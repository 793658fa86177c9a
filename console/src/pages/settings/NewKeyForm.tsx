import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { PERMISSIONS } from '~/api/accounts'
import { post } from '~/api/client'
import { useMay, type Permission } from '~/api/may'
import { keys as keysQuery } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { CopyButton } from '~/parts/CopyButton'
import { t } from '~/words/language'
import { permissionWords } from '~/words/roles'
import styles from './Settings.module.css'

/** What a person should answer for, and a program should not. */
const OF_PEOPLE: Permission[] = ['accounts:write', 'approve']

/** Makes a key and shows it this once. */
export function NewKeyForm({ only }: { only?: 'write' | undefined }) {
  const client = useQueryClient()
  const may = useMay()
  const usual = PERMISSIONS.filter((each) => may(each) && !OF_PEOPLE.includes(each))
  const [name, setName] = useState('')
  const [kind, setKind] = useState<string>('write')
  const [scopes, setScopes] = useState<string[] | null>(null)
  const chosen = scopes ?? usual
  const make = useMutation({
    mutationFn: () => post<Shape<'NewKey'>>('/api/keys', { name: name.trim(), kind, ...(kind === 'api' && scopes ? { scopes } : {}) }),
    onSuccess: () => {
      setName('')
      setScopes(null)
      return client.invalidateQueries({ queryKey: keysQuery.queryKey })
    },
  })
  return (
    <>
      <form
        className={styles.stack}
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <div className={styles.line}>
          <TextInput label={t('Name of a new key')} placeholder={t('Where it will be used')} w={220} value={name} onChange={(event) => setName(event.currentTarget.value)} />
          {!only && (
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
          )}
          <Button type="submit" variant="filled" disabled={!name.trim() || (kind === 'api' && chosen.length === 0)} loading={make.isPending}>
            {t('Make key')}
          </Button>
        </div>
        {kind === 'api' && (
          <fieldset className={styles.scopes}>
            <legend>{t('What it may do')}</legend>
            {PERMISSIONS.filter((each) => may(each)).map((each) => (
              <label key={each} className={styles.check}>
                <input
                  type="checkbox"
                  checked={chosen.includes(each)}
                  onChange={(event) => setScopes(event.currentTarget.checked ? [...chosen, each] : chosen.filter((other) => other !== each))}
                />
                {permissionWords(each)}
              </label>
            ))}
          </fieldset>
        )}
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
          <span className={styles.line}>
            <code>{make.data.key}</code>
            <CopyButton text={() => make.data.key} />
          </span>
        </div>
      )}
    </>
  )
}
