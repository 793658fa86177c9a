import { useQuery } from '@tanstack/react-query'
import { runs } from '~/api/queries'
import type { RunKind } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { TreeDrawing } from '~/parts/Drawings'
import { LiveMark } from '~/parts/Live'
import { Page, Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { RunTable } from '~/parts/RunTable'
import { Answered, Empty } from '~/parts/States'
import { plural } from '~/words/numbers'

const WORDS = {
  journey: { title: 'Journeys', many: 'journeys', what: 'A journey reacts to what one person does, step by step.' },
  campaign: { title: 'Campaigns', many: 'campaigns', what: 'A campaign sends one message when its trigger fires.' },
} as const

export const JourneysPage = () => <RunsPage kind="journey" />
export const CampaignsPage = () => <RunsPage kind="campaign" />

function RunsPage({ kind }: { kind: RunKind }) {
  const query = useQuery(runs(kind))
  const words = WORDS[kind]
  return (
    <>
      <TopBar title={words.title} beside={<LiveMark />} />
      <Page>
        <Answered query={query} what={`The ${words.many} did not load`}>
          {(rows) =>
            rows.length > 0 ? (
              <Section title={plural(rows.length, kind)} note="Lift is treated minus holdout, in percentage points, with a 95% interval">
                <RunTable rows={rows} kinds={false} />
              </Section>
            ) : (
              <div className={pageStyles.card}>
                <Empty title={`No ${words.many} yet`} drawing={<TreeDrawing />}>
                  {words.what} Publish one with <code>PUT /api/{words.many}/id</code>; it appears here at once.
                </Empty>
              </div>
            )
          }
        </Answered>
      </Page>
    </>
  )
}
