import { MultiSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { segmentOverlap } from '~/api/audiences'
import { segments } from '~/api/queries'
import type { Json } from '~/api/types'
import tableStyles from '~/parts/Table.module.css'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import styles from './Tabs.module.css'

/** As many as can be shown beside one another. */
const OTHERS_MOST = 4

/** How many of these people are in other saved segments, too. */
export function OverlapTab({ definition, own }: { definition: Json | null; own: string | null }) {
  const [chosen, setChosen] = useState<string[]>([])
  const others = (useQuery(segments).data ?? []).filter(({ id }) => id !== own)
  const query = useQuery({ ...segmentOverlap([definition, ...chosen]), enabled: definition !== null && chosen.length > 0 })
  const nameOf = (i: number) => (i === 0 ? t('This segment') : (others.find(({ id }) => id === chosen[i - 1])?.name ?? chosen[i - 1] ?? ''))
  return (
    <div className={styles.tab}>
      <MultiSelect
        label={t('Compare with')}
        description={others.length > 0 ? t('Up to {{most}} saved segments.', { most: OTHERS_MOST }) : t('No other segment is saved yet.')}
        maw={520}
        maxValues={OTHERS_MOST}
        data={others.map(({ id, name }) => ({ value: id, label: name || id }))}
        value={chosen}
        onChange={setChosen}
        searchable
      />
      {chosen.length > 0 && (
        <Answered query={query} what={t('The overlap was not counted')}>
          {(data) => (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Overlap')} data-stale={query.isFetching || undefined}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('In all of these, and in none of the others')}</th>
                    <th scope="col" className={tableStyles.number}>{t('People')}</th>
                    <th scope="col" className={tableStyles.number}>{t('Share of all of them')}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...data.combinations]
                    .sort((one, other) => other.people - one.people)
                    .map(({ segments: inside, people }) => (
                      <tr key={inside.join()}>
                        <td>{inside.map(nameOf).join(' + ')}</td>
                        <td className={tableStyles.number}>{count(people)}</td>
                        <td className={`${tableStyles.number} quiet`}>{percent(data.in_any > 0 ? people / data.in_any : null)}</td>
                      </tr>
                    ))}
                </tbody>
              </table>
            </div>
          )}
        </Answered>
      )}
    </div>
  )
}
