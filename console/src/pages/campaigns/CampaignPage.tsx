import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { StateChip } from '~/parts/Chip'
import { LiveMark } from '~/parts/Live'
import { Answered, Failed, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { kindsQuery } from '../runs/editor/kinds'
import { useBeginning } from '../runs/editor/useBeginning'
import { RunActions } from '../runs/RunActions'
import { RunPanes } from '../runs/RunPanes'
import { NewCampaignPage } from '../runs/RunsPage'
import { ComposeButton, type View } from './Actions'
import { Composer } from './Composer'
import { starterCalled } from './starters'

const here = getRouteApi('/campaigns/$id')
const PARENT = { to: '/campaigns', label: t('Campaigns') } as const

/** A campaign: what it brought, and what it says; or one that is new, and only says something yet. */
export function CampaignPage() {
  const { id } = here.useParams()
  return id === 'new' ? <NewCampaignPage /> : <OneCampaign key={id} id={id} />
}

function OneCampaign({ id }: { id: string }) {
  const { from, name, view } = here.useSearch()
  const navigate = useNavigate({ from: '/campaigns/$id' })
  const look = (next: View) => void navigate({ search: next === 'compose' ? { view: 'compose' } : {} })
  const { query, isNew, beginning, looking, takenUp } = useBeginning('campaign', id, from, (starter) => starterCalled(starter).definition(id, name ?? id))
  const kinds = useQuery(kindsQuery)
  const composing = view === 'compose' || beginning !== null
  if (composing) {
    if (kinds.isError) return <Failed what={t('The kinds of steps did not load')} error={kinds.error} retry={() => void kinds.refetch()} />
    if (kinds.data && (query.data || isNew)) return <Composer key={id} id={id} run={query.data ?? null} kinds={kinds.data} beginning={beginning} takenUp={takenUp} look={look} />
  }
  const run = query.data
  return (
    <>
      <TopBar
        title={run?.name ?? id}
        parent={PARENT}
        {...(run ? { about: `campaign:${id}` } : {})}
        beside={
          run && (
            <>
              <StateChip state={run.state} version={run.version} />
              <LiveMark word={t('Counting')} />
            </>
          )
        }
      >
        {run && !composing && (
          <>
            <ComposeButton run={run} look={look} />
            <RunActions run={run} />
          </>
        )}
      </TopBar>
      {looking ? (
        <Waiting rows={8} height={60} />
      ) : (
        <Answered query={query} what={t('This campaign did not load')} parent={PARENT} waiting={<Waiting rows={8} height={60} />}>
          {(found) => (composing ? <Waiting rows={8} height={60} /> : <RunPanes key={id} run={found} />)}
        </Answered>
      )}
    </>
  )
}
