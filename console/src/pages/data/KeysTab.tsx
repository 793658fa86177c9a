import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keys as keysQuery } from '~/api/queries'
import type { Key } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
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
      <Answered query={query} what="The keys did not load">
        {(keys) => (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label="Keys">
            <table className={tableStyles.table}>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Kind</th>
                  <th scope="col">Key</th>
                  <th scope="col">State</th>
                  <th scope="col">Made</th>
                  <th scope="col">
                    <span className="unseen">Actions</span>
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
      <td className="quiet">{value.kind === 'write' ? 'Write' : 'API'}</td>
      <td className="mono quiet">{value.shown}</td>
      <td>
        {value.revoked_at ? (
          <Chip dot>
            revoked <Ago at={value.revoked_at} />
          </Chip>
        ) : (
          <Chip tone="good" dot>
            in use
          </Chip>
        )}
      </td>
      <td className="quiet">
        <Ago at={value.created_at} />
      </td>
      <td className={tableStyles.number}>
        {!value.revoked_at && (
          <Button variant="subtle" onClick={revoke}>
            Revoke<span className="unseen"> {value.name}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}
