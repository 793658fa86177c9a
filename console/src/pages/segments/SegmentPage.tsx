import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { segments } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { Failed, Waiting } from '~/parts/States'
import { decode } from './decode'
import { newDid, newGroup, type Group } from './model'
import { SegmentBuilder } from './SegmentBuilder'

const here = getRouteApi('/segments/$id')
const PARENT = { to: '/segments', label: 'Segments' } as const

/** One saved segment, or a new one at the id "new". */
export function SegmentPage() {
  const { id } = here.useParams()
  const query = useQuery({ ...segments, enabled: id !== 'new' })
  const saved = query.data?.find((segment) => segment.id === id)
  if (id === 'new') return <SegmentBuilder key="new" saved={null} start={firstDraft} />
  if (saved) return <SegmentBuilder key={id} saved={saved} start={() => decode(saved.definition)} />
  return (
    <>
      <TopBar title={id} parent={PARENT} />
      {query.isError ? (
        <Failed what="This segment did not load" error={query.error} retry={() => void query.refetch()} />
      ) : query.data ? (
        <Failed what="There is no such segment" error={new Error(`Nothing is saved as “${id}”.`)} />
      ) : (
        <Waiting />
      )}
    </>
  )
}

function firstDraft(): Group {
  return newGroup('all', [newDid()])
}
