import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { Refusal } from '~/api/client'
import { run as runQuery } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { Failed, Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { JourneyEditor } from './JourneyEditor'
import { kindsQuery } from './kinds'
import { starterCalled } from './starters'

const here = getRouteApi('/journeys/$id')

/** A journey: what is published and what is being written, or one that is new. */
export function JourneyPage() {
  const { id } = here.useParams()
  const { from, name } = here.useSearch()
  const [beginning] = useState(() => (from === undefined ? null : starterCalled(from).definition(id, name ?? id)))
  // Once it is known to be new it is asked for again only when it was published.
  const [fresh, setFresh] = useState<string | null>(null)
  const isNew = fresh === id
  const query = useQuery({ ...runQuery('journey', id), ...(isNew ? { refetchInterval: false, refetchOnWindowFocus: false, refetchOnReconnect: false } : {}) })
  const kinds = useQuery(kindsQuery)
  if (!isNew && beginning !== null && query.error instanceof Refusal && query.error.status === 404) setFresh(id)
  if (kinds.isError) return <Failed what={t('The kinds of steps did not load')} error={kinds.error} retry={() => void kinds.refetch()} />
  if (kinds.data && (query.data || isNew)) {
    return <JourneyEditor key={id} id={id} run={query.data ?? null} kinds={kinds.data} beginning={beginning} />
  }
  return (
    <>
      <TopBar title={id} parent={{ to: '/journeys', label: t('Journeys') }} />
      <Answered query={query} what={t('This journey did not load')} waiting={<Waiting rows={8} height={60} />}>
        {() => <Waiting rows={8} height={60} />}
      </Answered>
    </>
  )
}
