import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { run as runQuery, runs } from '~/api/queries'
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
  const there = useQuery({ ...runs('journey', true), enabled: beginning !== null })
  const isNew = beginning !== null && there.data !== undefined && !there.data.some((each) => each.id === id)
  // What is not there need not be asked for.
  const query = useQuery({ ...runQuery('journey', id), enabled: beginning === null || (there.data !== undefined && !isNew) })
  const kinds = useQuery(kindsQuery)
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
