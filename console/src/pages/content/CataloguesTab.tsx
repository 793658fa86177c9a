import { Button, Select } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { catalogueItems, catalogues as cataloguesQuery } from '~/api/channels'
import type { Catalogue } from '~/api/types'
import { Ago } from '~/parts/Moment'
import { Answered, Failed, Waiting } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { readable, shown } from '~/words/people'
import styles from '../channels/ChannelsPage.module.css'

/** What messages look things up in. Files are brought in by the command line or the API, a million items at a time. */
export function CataloguesTab() {
  const query = useQuery(cataloguesQuery)
  const [chosen, setChosen] = useState<string | null>(null)
  return (
    <Answered query={query} what={t('The catalogues did not load')}>
      {(all) => {
        const open = all.find(({ name }) => name === chosen) ?? all[0]
        if (!open) return <p className={styles.none}>{t('No catalogue yet. Bring in a file: holdfast catalogue import products products.csv --id sku')}</p>
        return (
          <div className={styles.sections}>
            <div className={styles.row}>
              <Select label={t('Catalogue')} w={240} data={all.map(({ name }) => name)} value={open.name} onChange={setChosen} />
              <p className="quiet">
                {counted(open.items, '{{count}} item', '{{count}} items')}
                {open.ranked_by && `, ${t('the first by {{name}}', { name: open.ranked_by })}`}, {t('changed')} <Ago at={open.changed_at} />
                {open.by && ` ${t('by {{who}}', { who: open.by })}`}
              </p>
            </div>
            <Items key={open.name} catalogue={open} />
          </div>
        )
      }}
    </Answered>
  )
}

function Items({ catalogue }: { catalogue: Catalogue }) {
  const query = useInfiniteQuery(catalogueItems(catalogue.name))
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const names = Object.keys(catalogue.fields)
  if (query.isPending) return <Waiting />
  if (query.isError) return <Failed what={t('The items did not load')} error={query.error} retry={() => void query.refetch()} />
  return (
    <section>
      <div className={table.block} tabIndex={0} role="region" aria-label={t('Items of {{name}}', { name: catalogue.name })}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t('Id')}</th>
              {names.map((name) => (
                <th key={name} scope="col" className={catalogue.fields[name] === 'number' ? table.number : undefined}>
                  {readable(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map(({ id, fields }) => (
              <tr key={id}>
                <td className="mono">{id}</td>
                {names.map((name) => (
                  <td key={name} className={catalogue.fields[name] === 'number' ? table.number : undefined}>
                    {shown(fields[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('Show more items')}</Button>}
    </section>
  )
}
