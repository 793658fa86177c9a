import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect, useState } from 'react'
import { catalogueItems, ROWS } from '~/api/channels'
import type { Catalogue, CatalogueItems as Items } from '~/api/types'
import pager from '~/parts/Pager.module.css'
import { SearchBox } from '~/parts/SearchBox'
import { Failed, Waiting } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { readable, shown } from '~/words/people'
import styles from '../channels/ChannelsPage.module.css'

interface Props {
  catalogue: Catalogue
  /** Words that all stand in an item. */
  sought: string
  seek: (sought: string) => void
}

/** The items, a page at a time, however many there are; and those in which some words stand. */
export function CatalogueItems({ catalogue, sought, seek }: Props) {
  return (
    <section className={styles.form}>
      <SearchBox label={t('Find items')} hint={t('Id or words')} value={sought} onChange={seek} />
      <Pages key={sought} catalogue={catalogue} sought={sought} seek={seek} />
    </section>
  )
}

function Pages({ catalogue, sought, seek }: Props) {
  // Where each page begins, up to the one that is shown.
  const [starts, setStarts] = useState([''])
  const query = useInfiniteQuery(catalogueItems(catalogue.name, sought, starts[starts.length - 1] ?? ''))
  const { hasNextPage, isFetching, isError, fetchNextPage } = query
  useEffect(() => {
    // One answer looks at some thousand items: what was sought may stand further on.
    if (hasNextPage && !isFetching && !isError) void fetchNextPage()
  }, [hasNextPage, isFetching, isError, fetchNextPage])
  if (query.isPending) return <Waiting />
  if (query.isError) return <Failed what={t('The items did not load')} error={query.error} retry={() => void query.refetch()} />
  const items = query.data.pages.flatMap((page) => page.items)
  const next = query.data.pages[query.data.pages.length - 1]?.next ?? ''
  const lookedAt = query.data.pages.reduce((sum, page) => sum + page.looked_at, 0)
  const first = (starts.length - 1) * ROWS + 1
  if (items.length === 0 && !hasNextPage)
    return (
      <div role="status" className={styles.none}>
        <p>{sought ? t('No item says “{{words}}”.', { words: sought }) : t('It has no items.')}</p>
        {sought && <Button onClick={() => seek('')}>{t('Show all items')}</Button>}
      </div>
    )
  return (
    <>
      <ItemsTable catalogue={catalogue} items={items} />
      <nav className={pager.pager} aria-label={t('Pages of items')}>
        <span className="quiet" role="status">
          {hasNextPage
            ? t('{{share}} looked through', { share: percent(lookedAt / Math.max(catalogue.items, 1), 0) })
            : sought
              ? t('{{from}} to {{to}} of those that say it', { from: count(first), to: count(first + items.length - 1) })
              : t('{{from}} to {{to}} of {{all}}', { from: count(first), to: count(first + items.length - 1), all: count(catalogue.items) })}
        </span>
        <Button leftSection={<ChevronLeft size={14} />} disabled={starts.length < 2} onClick={() => setStarts(starts.slice(0, -1))}>
          {t('Previous')}
        </Button>
        <Button rightSection={<ChevronRight size={14} />} disabled={!next || hasNextPage} onClick={() => setStarts([...starts, next])}>
          {t('Next')}
        </Button>
      </nav>
    </>
  )
}

function ItemsTable({ catalogue, items }: { catalogue: Catalogue; items: Items['items'] }) {
  const names = Object.keys(catalogue.fields)
  const numbers = (name: string) => (catalogue.fields[name] === 'number' ? table.number : undefined)
  return (
    <div className={table.block} tabIndex={0} role="region" aria-label={t('Items of {{name}}', { name: catalogue.name })}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t('Id')}</th>
            {names.map((name) => (
              <th key={name} scope="col" className={numbers(name)}>
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
                <td key={name} className={numbers(name)}>
                  {shown(fields[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
