import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { Failed, Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { JourneyEditor } from './JourneyEditor'
import { NewJourneyPage } from '../RunsPage'
import { kindsQuery } from './kinds'
import { starterCalled } from './starters'
import { useBeginning } from './useBeginning'

const here = getRouteApi('/journeys/$id')
const PARENT = { to: '/journeys', label: t('Journeys') } as const

/** A journey: what is published and what is being written, or one that is new. */
export function JourneyPage() {
  const { id } = here.useParams()
  return id === 'new' ? <NewJourneyPage /> : <OneJourney key={id} id={id} />
}

function OneJourney({ id }: { id: string }) {
  const { from, name } = here.useSearch()
  const { query, isNew, beginning, looking, takenUp } = useBeginning('journey', id, from, (starter) => starterCalled(starter).definition(id, name ?? id))
  const kinds = useQuery(kindsQuery)
  if (kinds.isError) return <Failed what={t('The kinds of steps did not load')} error={kinds.error} retry={() => void kinds.refetch()} />
  if (kinds.data && (query.data || isNew)) {
    return <JourneyEditor key={id} id={id} run={query.data ?? null} kinds={kinds.data} beginning={beginning} takenUp={takenUp} />
  }
  return (
    <>
      <TopBar title={id} parent={PARENT} />
      {looking ? (
        <Waiting rows={8} height={60} />
      ) : (
        <Answered query={query} what={t('This journey did not load')} parent={PARENT} waiting={<Waiting rows={8} height={60} />}>
          {() => <Waiting rows={8} height={60} />}
        </Answered>
      )}
    </>
  )
}
