import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { people, PEOPLE_PER_PAGE } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { PeopleDrawing, SieveDrawing } from '~/parts/Drawings'
import { LiveMark } from '~/parts/Live'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Pager } from '~/parts/Pager'
import { SearchBox } from '~/parts/SearchBox'
import { Answered, Empty, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import styles from './PeoplePage.module.css'
import { PeopleTable } from './PeopleTable'

const here = getRouteApi('/people')

export function PeoplePage() {
  const { text = '', page = 1 } = here.useSearch()
  const navigate = here.useNavigate()
  const query = useQuery(people(text, page))
  const find = (wanted: string) => void navigate({ search: wanted ? { text: wanted } : {}, replace: true })
  return (
    <>
      <TopBar title={t('People')} beside={<LiveMark />} />
      <Page>
        <div>
          <div className={styles.tools}>
            <SearchBox label={t('Find a person')} hint={t('Name, email or id')} value={text} onChange={find} />
            <p className="quiet" role="status">
              {query.data ? counted(query.data.total, '{{count}} person', '{{count}} people') : ''}
              {text && query.data ? ` ${t('match “{{text}}”', { text })}` : ''}
            </p>
          </div>
          <Answered query={query} what={t('The people did not load')} waiting={<div className={pageStyles.card}><Waiting rows={12} /></div>}>
            {(data) =>
              data.people.length > 0 ? (
                <>
                  <PeopleTable people={data.people} stale={query.isPlaceholderData} />
                  <Pager
                    page={page}
                    pages={Math.ceil(data.total / PEOPLE_PER_PAGE)}
                    go={(next) => void navigate({ search: (old) => ({ ...old, page: next > 1 ? next : undefined }) })}
                  />
                </>
              ) : (
                <div className={pageStyles.card}>{text ? <NobodyFound text={text} clear={() => find('')} /> : <NobodyYet />}</div>
              )
            }
          </Answered>
        </div>
      </Page>
    </>
  )
}

function NobodyFound({ text, clear }: { text: string; clear: () => void }) {
  return (
    <Empty title={t('Nobody matches “{{text}}”', { text })} drawing={<SieveDrawing />} actions={<Button onClick={clear}>{t('Clear the search')}</Button>}>
      {t('Try fewer letters. Names, addresses and ids are searched.')}
    </Empty>
  )
}

function NobodyYet() {
  return (
    <Empty title={t('Nobody yet')} drawing={<PeopleDrawing />}>
      {t('People appear with their first event. The Data page has a snippet that sends one.')}
    </Empty>
  )
}
