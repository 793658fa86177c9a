import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keys as keysQuery } from '~/api/queries'
import type { Key } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import styles from './DataPage.module.css'
import { NewKeyForm } from './NewKeyForm'
import { RevokeDialog } from './RevokeDialog'

/** Write keys let data in; API keys open everything under /api, this console included. */
export function KeysTab() {
  const query = useQuery(keysQuery)
  const [revoking, setRevoking] = useState<Key | null>(null)
  return (
    <div className={styles.keys}>
      <NewKeyForm />
      <Answered query={query} what={t('The keys did not load')}>
        {(keys) => (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Keys')}>
            <table className={tableStyles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('Name')}</th>
                  <th scope="col">{t('Kind')}</th>
                  <th scope="col">{t('Key')}</th>
                  <th scope="col">{t('State')}</th>
                  <th scope="col">{t('Made')}</th>
                  <th scope="col">
                    <span className="unseen">{t('Actions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <Row key={key.name} value={key} revoke={() => setRevoking(key)} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Answered>
      {revoking && <RevokeDialog value={revoking} close={() => setRevoking(null)} />}
    </div>
  )
}

function Row({ value, revoke }: { value: Key; revoke: () => void }) {
  return (
    <tr>
      <td className={tableStyles.name}>{value.name}</td>
      <td className="quiet">{value.kind === 'write' ? t('Write') : t('API')}</td>
      <td className="mono quiet">{value.shown}</td>
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
      <td className={tableStyles.number}>
        {!value.revoked_at && (
          <Button variant="subtle" onClick={revoke}>
            {t('Revoke')}<span className="unseen"> {value.name}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}
