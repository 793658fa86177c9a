import { Button, Switch } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { drafts } from '~/api/drafts'
import { useMay } from '~/api/may'
import { runs } from '~/api/queries'
import type { RunKind } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { TreeDrawing } from '~/parts/Drawings'
import { LiveMark } from '~/parts/Live'
import { Page, Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { RunTable } from '~/parts/RunTable'
import { Answered, Empty } from '~/parts/States'
import { counted, t } from '~/words/language'
import { NewCampaignDialog } from '../campaigns/NewCampaignDialog'
import { DraftsSection } from './DraftsSection'
import { NewJourneyDialog } from './editor/NewJourneyDialog'
import type { NewDialogProps } from './newDialog'

const WORDS = {
  journey: {
    title: t('Journeys'),
    none: t('No journeys yet'),
    failed: t('The journeys did not load'),
    first: t('Make the first journey'),
    what: t('A journey reacts to what one person does, step by step: it waits, asks, and writes to them. Begin with an empty one or with a starting point, and try it on your own past before anybody is written to.'),
    counted: (many: number) => counted(many, '{{count}} journey', '{{count}} journeys'),
  },
  campaign: {
    title: t('Campaigns'),
    none: t('No campaigns yet'),
    failed: t('The campaigns did not load'),
    first: t('Make the first campaign'),
    what: t('A campaign sends one message to a segment: once, at times you set, or whenever something happens. Before it goes out you see how many people it reaches.'),
    counted: (many: number) => counted(many, '{{count}} campaign', '{{count}} campaigns'),
  },
} as const

export const JourneysPage = () => <RunsPage kind="journey" />
export const CampaignsPage = () => <RunsPage kind="campaign" />

/** An address that begins one: `/journeys/new`, with a starting point and a name if it says them. */
export function NewJourneyPage() {
  const begin = getRouteApi('/journeys/$id').useSearch()
  const navigate = useNavigate()
  return <RunsPage kind="journey" begin={begin} leave={() => void navigate({ to: '/journeys', replace: true })} />
}

/** The same for `/campaigns/new`. */
export function NewCampaignPage() {
  const begin = getRouteApi('/campaigns/$id').useSearch()
  const navigate = useNavigate()
  return <RunsPage kind="campaign" begin={begin} leave={() => void navigate({ to: '/campaigns', replace: true })} />
}

interface Props {
  kind: RunKind
  /** Whether one is begun at once, and with what. */
  begin?: NewDialogProps['begin']
  /** Where one goes from there without having begun. */
  leave?: () => void
}

function RunsPage({ kind, begin, leave }: Props) {
  const [archived, setArchived] = useState(false)
  const query = useQuery({ ...runs(kind, archived), placeholderData: keepPreviousData })
  const words = WORDS[kind]
  const may = useMay()
  const [beginning, setBeginning] = useState(begin !== undefined)
  const begins = beginning && may('decisions:write')
  // What is archived keeps its id, and so does what is only written so far.
  const all = useQuery({ ...runs(kind, true), enabled: begins })
  const written = useQuery(drafts)
  const taken = [...(all.data ?? []), ...(written.data?.filter((each) => each.kind === kind) ?? [])].map(({ id }) => id)
  const New = kind === 'journey' ? NewJourneyDialog : NewCampaignDialog
  return (
    <>
      <TopBar title={words.title} beside={<LiveMark />}>
        <Switch label={t('Show archived')} checked={archived} onChange={(event) => setArchived(event.currentTarget.checked)} />
        {may('decisions:write') && (
          <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => setBeginning(true)}>
            {kind === 'journey' ? t('New journey') : t('New campaign')}
          </Button>
        )}
      </TopBar>
      <Page>
        <DraftsSection kind={kind} rows={query.data ?? []} />
        <Answered query={query} what={words.failed}>
          {(rows) =>
            rows.length > 0 ? (
              <Section title={words.counted(rows.length)} note={t('Lift is treated minus holdout, in percentage points, with a 95% interval')}>
                <RunTable rows={rows} kinds={false} />
              </Section>
            ) : (
              <div className={pageStyles.card}>
                <Empty
                  title={words.none}
                  drawing={<TreeDrawing />}
                  actions={
                    <>
                      {may('decisions:write') && (
                        <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => setBeginning(true)}>
                          {words.first}
                        </Button>
                      )}
                      {!archived && <Button onClick={() => setArchived(true)}>{t('Look among the archived')}</Button>}
                    </>
                  }
                >
                  {words.what}
                </Empty>
              </div>
            )
          }
        </Answered>
      </Page>
      {begins && all.data && <New taken={taken} begin={begin} close={leave ?? (() => setBeginning(false))} />}
    </>
  )
}
