import { Button, Switch } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
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
import { t } from '~/words/language'
import { plural } from '~/words/numbers'
import { NewJourneyDialog } from './editor/NewJourneyDialog'

const WORDS = {
  journey: { title: 'Journeys', many: 'journeys', what: 'A journey reacts to what one person does, step by step.' },
  campaign: { title: 'Campaigns', many: 'campaigns', what: 'A campaign sends one message to everybody whom its trigger lets in.' },
} as const

export const JourneysPage = () => <RunsPage kind="journey" />
export const CampaignsPage = () => <RunsPage kind="campaign" />

function RunsPage({ kind }: { kind: RunKind }) {
  const [archived, setArchived] = useState(false)
  const query = useQuery({ ...runs(kind, archived), placeholderData: keepPreviousData })
  const words = WORDS[kind]
  const may = useMay()
  const [beginning, setBeginning] = useState(false)
  return (
    <>
      <TopBar title={words.title} beside={<LiveMark />}>
        <Switch label={t('Show archived')} checked={archived} onChange={(event) => setArchived(event.currentTarget.checked)} />
        {kind === 'journey' && may('decisions:write') && (
          <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => setBeginning(true)}>
            {t('New journey')}
          </Button>
        )}
      </TopBar>
      <Page>
        <Answered query={query} what={`The ${words.many} did not load`}>
          {(rows) =>
            rows.length > 0 ? (
              <Section title={plural(rows.length, kind)} note="Lift is treated minus holdout, in percentage points, with a 95% interval">
                <RunTable rows={rows} kinds={false} />
              </Section>
            ) : (
              <div className={pageStyles.card}>
                <Empty
                  title={`No ${words.many} yet`}
                  drawing={<TreeDrawing />}
                  actions={!archived && <Button onClick={() => setArchived(true)}>Look among the archived</Button>}
                >
                  {words.what} Publish one with <code>PUT /api/{words.many}/id</code> or <code>holdfast journey apply</code>; it appears here at once.
                </Empty>
              </div>
            )
          }
        </Answered>
      </Page>
      {beginning && <NewJourneyDialog there={query.data ?? []} close={() => setBeginning(false)} />}
    </>
  )
}
