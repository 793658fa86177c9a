import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { run as runQuery, runs } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { StateChip } from '~/parts/Chip'
import { LiveMark } from '~/parts/Live'
import { Answered, Failed, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { kindsQuery } from '../runs/editor/kinds'
import { RunActions } from '../runs/RunActions'
import { RunPanes } from '../runs/RunPanes'
import { ComposeButton, type View } from './Actions'
import { Composer } from './Composer'
import { starterCalled } from './starters'

const here = getRouteApi('/campaigns/$id')
const PARENT = { to: '/campaigns', label: t('Campaigns') } as const

/** A campaign: what it brought, and what it says; or one that is new, and only says something yet. */
export function CampaignPage() {
  const { id } = here.useParams()
  const { from, name, view } = here.useSearch()
  const navigate = useNavigate({ from: '/campaigns/$id' })
  const look = (next: View) => void navigate({ search: next === 'compose' ? { view: 'compose' } : {} })
  const [beginning] = useState(() => (from === undefined ? null : starterCalled(from).definition(id, name ?? id)))
  const there = useQuery({ ...runs('campaign', true), enabled: beginning !== null })
  const isNew = beginning !== null && there.data !== undefined && !there.data.some((each) => each.id === id)
  // What is not there need not be asked for.
  const query = useQuery({ ...runQuery('campaign', id), enabled: beginning === null || (there.data !== undefined && !isNew) })
  const kinds = useQuery(kindsQuery)
  const composing = view === 'compose' || beginning !== null
  if (composing) {
    if (kinds.isError) return <Failed what={t('The kinds of steps did not load')} error={kinds.error} retry={() => void kinds.refetch()} />
    if (kinds.data && (query.data || isNew)) return <Composer key={id} id={id} run={query.data ?? null} kinds={kinds.data} beginning={beginning} look={look} />
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
      <Answered query={query} what={t('This campaign did not load')} waiting={<Waiting rows={8} height={60} />}>
        {(found) => (composing ? <Waiting rows={8} height={60} /> : <RunPanes key={id} run={found} />)}
      </Answered>
    </>
  )
}
