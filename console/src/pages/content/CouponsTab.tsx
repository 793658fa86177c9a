import { useQuery } from '@tanstack/react-query'
import { coupons } from '~/api/channels'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from '../channels/ChannelsPage.module.css'

/** Pools of codes, and how many are left. A code is never given twice. */
export function CouponsTab() {
  const query = useQuery({ ...coupons, refetchInterval: 10_000 })
  return (
    <Answered query={query} what={t('The pools did not load')}>
      {(pools) =>
        pools.length === 0 ? (
          <p className={styles.none}>{t('No codes yet. Bring in a file of them, one a line: holdfast coupons import WELCOME codes.txt')}</p>
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
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Answered>
  )
}
