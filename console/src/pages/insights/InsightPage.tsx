import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useRouterState, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo } from 'react'
import { savedInsights } from '~/api/boards'
import { eventNames } from '~/api/queries'
import type { EventName } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Lost } from '~/pages/Lost'
import { PausedStrip } from '~/parts/Live'
import { Page } from '~/parts/Page'
import { Answered, Waiting } from '~/parts/States'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import type { CellKey } from './answer'
import { InsightView } from './InsightView'
import styles from './Insights.module.css'
import { INSIGHTS, insightOf } from './kinds'
import { NoEvents } from './NoEvents'
import { decodeQuestion, encodeQuestion, finished, isKind, type Kind, type Question } from './question'
import { SaveInsight } from './saved/SaveInsight'

const SqlPage = lazy(() => import('./sql/SqlPage'))
const KpisPage = lazy(() => import('./kpis/KpisPage'))
const PARENT = { to: '/insights', label: t('Insights') } as const

/** `/insights/$kind`: one question and its answer. */
export function InsightPage() {
  const { kind } = useParams({ strict: false })
  if (kind === 'sql' || kind === 'kpis') return <Suspense fallback={<Waiting />}>{kind === 'sql' ? <SqlPage /> : <KpisPage />}</Suspense>
  return isKind(kind) ? <OfKind key={kind} kind={kind} /> : <Lost />
}

/** `/rfm`: the same, by a way of its own. */
export function RfmPage() {
  return <OfKind kind="rfm" />
}

function OfKind({ kind }: { kind: Kind }) {
  const query = useQuery(eventNames)
  return (
    <>
      <Bar kind={kind} events={query.data} />
      <Answered query={query} what={t('The event names did not load')} waiting={<Waiting rows={1} height={420} />}>
        {(events) =>
          events.length === 0 ? (
            <Page>
              <NoEvents />
            </Page>
          ) : (
            <Builder kind={kind} events={events} />
          )
        }
      </Answered>
    </>
  )
}

/** The name of the question, and saving it. */
function Bar({ kind, events }: { kind: Kind; events: EventName[] | undefined }) {
  const kept = useSearch({ strict: false }) as Kept
  const navigate = useNavigate()
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const { data } = useQuery(savedInsights)
  const insight = insightOf(kind)
  const opened = data?.find(({ id }) => id === kept.saved)
  const question = decodeQuestion(kind, kept.q) ?? insight.blank(events ?? [])
  const done = (saved: string, theirs?: unknown) =>
    void navigate({ to: path, search: { ...kept, q: theirs ?? encodeQuestion(question), saved } as never, replace: true, resetScroll: false })
  return (
    <TopBar title={opened?.name ?? insight.label()} parent={PARENT}>
      {events && events.length > 0 && finished(question) && <SaveInsight kind={kind} question={encodeQuestion(question)} title={insight.title(question)} saved={kept.saved} done={done} />}
    </TopBar>
  )
}

interface Kept {
  q?: unknown
  saved?: string | undefined
  cell?: CellKey | undefined
  table?: boolean | undefined
}

function Builder({ kind, events }: { kind: Kind; events: EventName[] }) {
  const kept = useSearch({ strict: false }) as Kept
  const navigate = useNavigate()
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const narrow = useNarrow()
  const insight = insightOf(kind)
  const text = JSON.stringify(kept.q ?? null)
  const blank = useMemo(() => insight.blank(events), [insight, events.length === 0])
  const question = useMemo(() => decodeQuestion(kind, JSON.parse(text)) ?? blank, [kind, text, blank])
  const go = useCallback((search: Kept, replace: boolean) => void navigate({ to: path, search: search as never, replace, resetScroll: false }), [navigate, path])
  const set = (part: Partial<Question>) => go({ q: encodeQuestion({ ...question, ...part } as Question), table: kept.table, saved: kept.saved }, true)
  return (
    <div className={styles.panes}>
      {narrow ? (
        <p className={styles.narrow}>{t('Asking needs a wider window. Here you can read the answer.')}</p>
      ) : (
        <aside className={styles.left} aria-label={t('The question')}>
          <KindField kind={kind} />
          <insight.Fields question={question} set={set} />
        </aside>
      )}
      <div className={styles.work}>
        <PausedStrip />
        <InsightView
          question={question}
          cell={kept.cell ?? null}
          setCell={(cell) => go({ ...kept, cell: cell ?? undefined }, cell === null)}
          table={kept.table ?? false}
          setTable={(table) => go({ ...kept, table: table || undefined }, true)}
        />
      </div>
    </div>
  )
}

function KindField({ kind }: { kind: Kind }) {
  const navigate = useNavigate()
  const choose = (next: string | null) => {
    if (next === 'rfm') void navigate({ to: '/rfm' })
    else if (next !== null && next !== kind) void navigate({ to: '/insights/$kind', params: { kind: next } })
  }
  return (
    <Select
      label={t('Question')}
      data={[...INSIGHTS.map(({ kind: value, label }) => ({ value, label: label() })), { value: 'sql', label: 'SQL' }]}
      value={kind}
      onChange={choose}
      classNames={{ options: styles.kinds }}
    />
  )
}
