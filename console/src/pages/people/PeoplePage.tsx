import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type PeopleOrder, soughtPage } from '~/api/people'
import { traitNames } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { PeopleDrawing, SieveDrawing } from '~/parts/Drawings'
import { LiveMark, PausedStrip } from '~/parts/Live'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { count as written } from '~/words/numbers'
import { Actions } from './Actions'
import { NAMING, usualColumns } from './columns'
import { Filters } from './Filters'
import styles from './PeoplePage.module.css'
import { PeopleTable, ROWS_MOST } from './PeopleTable'
import { definitionOf, type PeopleSearch, soughtOf } from './search'
import { SelectedStrip } from './SelectedStrip'

const here = getRouteApi('/people')

/** Everybody there is: found by words, by kind, by segment or a quick rule. */
export function PeoplePage() {
  const search = here.useSearch()
  const navigate = here.useNavigate()
  const traits = useQuery(traitNames)
  const columns = search.columns ?? usualColumns(traits.data ?? [])
  const sought = soughtOf(search)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const asked = [...new Set([...NAMING, ...columns])]
  const first = useQuery({ ...soughtPage(sought, asked, 0), enabled: search.columns !== undefined || !traits.isPending })
  const change = (part: PeopleSearch) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  const sort = (order: PeopleOrder) => {
    const again = sought.order === order
    change({ order: order === 'last_seen' ? undefined : order, up: (again ? !sought.ascending : order === 'user_id') || undefined })
  }
  const select = (id: string, on: boolean) => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    setSelected(next)
  }
  const narrowed = search.text !== undefined || search.who !== undefined || definitionOf(search) !== null
  const total = first.data?.total
  return (
    <>
      <TopBar title={t('People')} beside={<LiveMark />}>
        {total ? <Actions search={search} sought={sought} columns={columns} total={total} /> : null}
      </TopBar>
      <div className={styles.page}>
        <PausedStrip />
        <Filters search={search} change={change} traits={traits.data ?? []} columns={columns}>
          <p className={`${styles.total} quiet`} role="status">
            {total === undefined ? '' : counted(total, '{{count}} person', '{{count}} people')}
            {total !== undefined && total > ROWS_MOST ? ` · ${t('the first {{number}} are listed', { number: written(ROWS_MOST) })}` : ''}
          </p>
        </Filters>
        {selected.size > 0 && <SelectedStrip selected={selected} clear={() => setSelected(new Set())} />}
        <Answered query={first} what={t('The people did not load')} waiting={<div className={pageStyles.card}><Waiting rows={12} /></div>}>
          {(data) =>
            data.total > 0 ? (
              <PeopleTable key={JSON.stringify(sought)} sought={sought} columns={columns} total={data.total} selected={selected} select={select} sort={sort} />
            ) : (
              <div className={pageStyles.card}>
                {narrowed ? <NobodyFound search={search} clear={() => void navigate({ search: { columns: search.columns }, replace: true })} /> : <NobodyYet />}
              </div>
            )
          }
        </Answered>
      </div>
    </>
  )
}

function NobodyFound({ search, clear }: { search: PeopleSearch; clear: () => void }) {
  const { text } = search
  return (
    <Empty title={text ? t('Nobody matches “{{text}}”', { text }) : t('Nobody matches')} drawing={<SieveDrawing />} actions={<Button onClick={clear}>{t('Show everybody')}</Button>}>
      {text && !search.who && definitionOf(search) === null
        ? t('Try fewer letters. Names, addresses and ids are searched.')
        : t('Nobody is all of that at once. Loosen one of the filters above, or show everybody.')}
    </Empty>
  )
}

function NobodyYet() {
  return (
    <Empty
      title={t('Nobody yet')}
      drawing={<PeopleDrawing />}
      actions={
        <Link to="/data" search={{ tab: 'send' }} className="link">
          {t('Send data')}
        </Link>
      }
    >
      {t('People appear with their first event. The Data page has a snippet that sends one.')}
    </Empty>
  )
}
