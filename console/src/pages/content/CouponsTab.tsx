import { Autocomplete, Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { coupons } from '~/api/channels'
import { route, upload } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import type { CouponPool } from '~/api/types'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from '../channels/ChannelsPage.module.css'
import { ImportForm } from './ImportForm'
import { TicketDrawing } from './drawings'
import { MakeCodes } from './MakeCodes'
import { WithdrawDialog } from './WithdrawDialog'

/** Pools of codes, and how many are left. A code is never given twice. */
export function CouponsTab() {
  const query = useQuery({ ...coupons, refetchInterval: 10_000 })
  const mayWrite = useMay()('content:write')
  const [withdrawing, setWithdrawing] = useState<CouponPool | null>(null)
  return (
    <Answered query={query} what={t('The pools did not load')}>
      {(pools) => (
        <div className={styles.sections}>
          {mayWrite && <MakeCodes names={pools.map(({ name }) => name)} />}
          {mayWrite && <Import names={pools.map(({ name }) => name)} />}
          {pools.length === 0 ? (
            <div className={pageStyles.card}>
              <Empty title={t('No codes yet')} drawing={<TicketDrawing />}>
                {t('Each goes to one message of one person, and never to another.')}
              </Empty>
            </div>
          ) : (
            <div className={table.block} tabIndex={0} role="region" aria-label={t('Pools')}>
              <table className={table.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Pool')}</th>
                    <th scope="col" className={table.number}>
                      {t('Codes')}
                    </th>
                    <th scope="col" className={table.number}>
                      {t('Given')}
                    </th>
                    <th scope="col" className={table.number}>
                      {t('Left')}
                    </th>
                    <th scope="col">{t('Made')}</th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {pools.map((pool) => (
                    <tr key={pool.name}>
                      <td className={table.name}>{pool.name}</td>
                      <td className={table.number}>{count(pool.codes)}</td>
                      <td className={table.number}>{count(pool.given)}</td>
                      <td className={table.number}>{count(pool.left)}</td>
                      <td className="quiet">
                        <Ago at={pool.made_at} />
                      </td>
                      <td className={table.number}>
                        {mayWrite && pool.left > 0 && (
                          <Button variant="subtle" onClick={() => setWithdrawing(pool)}>
                            {t('Withdraw')}
                            <span className="unseen"> {pool.name}</span>
                          </Button>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {withdrawing && <WithdrawDialog pool={withdrawing} close={() => setWithdrawing(null)} />}
        </div>
      )}
    </Answered>
  )
}

/** A file of codes, one a line, into a pool that is there or not yet. */
function Import({ names }: { names: string[] }) {
  const client = useQueryClient()
  const [name, setName] = useState(names[0] ?? '')
  return (
    <ImportForm<Shape<'AddedCodesShape'>>
      label={t('A file of codes, one a line')}
      accept=".txt,.csv"
      send={(query, file, sent) => upload(route`/api/coupons/${name.trim()}/import`, query, file, sent)}
      button={t('Bring in')}
      ready={name.trim() !== ''}
      done={() => void client.invalidateQueries({ queryKey: ['coupons'] })}
      said={(answer) => (
        <>
          <p>
            {counted(answer.added, '{{count}} code was added', '{{count}} codes were added')}
            {answer.known > 0 && `, ${counted(answer.known, '{{count}} was known already', '{{count}} were known already')}`}
            {answer.bad > 0 && `, ${counted(answer.bad, '{{count}} line is no code', '{{count}} lines are no codes')}`}.
          </p>
          {answer.examples.length > 0 && (
            <ul aria-label={t('Lines that are no codes')}>
              {answer.examples.map((each, i) => (
                <li key={i} className="mono">
                  {each}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    >
      <Autocomplete label={t('Into the pool')} w={200} data={names} value={name} onChange={setName} />
    </ImportForm>
  )
}
