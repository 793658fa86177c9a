import { Button, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { keys as keysQuery } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { NONE } from '~/words/numbers'
import { permissionWords } from '~/words/roles'
import { NewKeyForm } from './NewKeyForm'
import { RevokeDialog } from './RevokeDialog'
import styles from './Settings.module.css'
import { TokenSecretDialog } from './TokenSecretDialog'

type Key = Shape<'KeyShape'>

/** Write keys let data in; API keys do what their scopes say. With `kind`, only those. */
export function KeysTab({ kind }: { kind?: 'write' }) {
  const may = useMay()
  const query = useQuery(keysQuery)
  const [revoking, setRevoking] = useState<Key | null>(null)
  const [signing, setSigning] = useState<Key | null>(null)
  return (
    <div className={styles.stack}>
      {may('data:write') ? (
        <NewKeyForm only={kind ?? (may('settings:write') ? undefined : 'write')} />
      ) : (
        <p className="quiet">{t('Your role does not let you make keys. An owner or admin can grant it in Settings, under Accounts.')}</p>
      )}
      <Answered query={query} what={t('The keys did not load')}>
        {(all) => {
          const keys = all.filter((key) => !kind || key.kind === kind)
          return (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Keys')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Name')}</th>
                    <th scope="col">{t('Kind')}</th>
                    <th scope="col">{t('Key')}</th>
                    {!kind && <th scope="col">{t('May')}</th>}
                    <th scope="col">{t('State')}</th>
                    <th scope="col">{t('Made')}</th>
                    {!kind && <th scope="col">{t('Last used')}</th>}
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {keys.map((key) => (
                    <Row
                      key={key.name}
                      value={key}
                      whole={!kind}
                      sign={key.kind === 'write' && may('settings:write') ? () => setSigning(key) : null}
                      revoke={may(key.kind === 'api' ? 'settings:write' : 'data:write') ? () => setRevoking(key) : null}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }}
      </Answered>
      {signing && <TokenSecretDialog value={signing} close={() => setSigning(null)} />}
      {revoking && <RevokeDialog value={revoking} close={() => setRevoking(null)} />}
    </div>
  )
}

interface RowProps {
  value: Key
  whole: boolean
  /** Of a write key: to see what people's tokens are signed with. */
  sign: (() => void) | null
  revoke: (() => void) | null
}

function Row({ value, whole, sign, revoke }: RowProps) {
  return (
    <tr>
      <td className={tableStyles.name}>{value.name}</td>
      <td className="quiet">{value.kind === 'write' ? t('Write') : t('API')}</td>
      <td className="mono quiet">{value.shown}</td>
      {whole && <td className="quiet">{value.kind === 'write' ? t('send data') : <Scopes scopes={value.scopes} />}</td>}
      <td>
        {value.revoked_at ? (
          <Chip dot>
            {t('revoked')} <Ago at={value.revoked_at} />
          </Chip>
        ) : (
          <Chip tone="good" dot>
            {t('in use')}
          </Chip>
        )}
      </td>
      <td className="quiet">
        <Ago at={value.created_at} />
      </td>
      {whole && <td className="quiet">{value.kind === 'api' ? <Ago at={value.used_at} /> : NONE}</td>}
      <td className={tableStyles.number}>
        {!value.revoked_at && sign && (
          <Button variant="subtle" onClick={sign}>
            {t('Signing secret')}<span className="unseen"> {value.name}</span>
          </Button>
        )}
        {!value.revoked_at && revoke && (
          <Button variant="subtle" onClick={revoke}>
            {t('Revoke')}<span className="unseen"> {value.name}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}

function Scopes({ scopes }: { scopes: string[] }) {
  if (scopes.length <= 2) return <>{scopes.map(permissionWords).join('; ')}</>
  return (
    <Tooltip label={scopes.map((each) => <div key={each}>{permissionWords(each)}</div>)}>
      <span tabIndex={0}>{counted(scopes.length, '{{count}} permission', '{{count}} permissions')}</span>
    </Tooltip>
  )
}
