import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CircleAlert, Play, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { post, Refusal } from '~/api/client'
import { useMay } from '~/api/may'
import { savedInsights } from '~/api/boards'
import { underWay } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { SieveDrawing } from '~/parts/Drawings'
import { PausedStrip } from '~/parts/Live'
import pageStyles from '~/parts/Page.module.css'
import { Empty, Failed } from '~/parts/States'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { newName } from '../asking'
import insightStyles from '../Insights.module.css'
import { SaveInsight } from '../saved/SaveInsight'
import { decodeSql, type Fault, faultOf, FIRST, paramsOf, type SqlQuestion, valueOf } from './asked'
import { Editor } from './Editor'
import { Result, type SqlRows } from './Result'
import styles from './Sql.module.css'
import { Views } from './Views'

const PARENT = { to: '/insights', label: t('Insights') } as const
const ROWS_MOST = 10_000

/** Questions in one's own words. */
export default function SqlPage() {
  const may = useMay()
  return may('sql') ? (
    <Asking />
  ) : (
    <>
      <TopBar title="SQL" parent={PARENT} />
      <div className={styles.barred}>
        <Empty title={t('SQL is not for your role')} drawing={<SieveDrawing />}>
          {t('It shows everything about everybody. An owner or admin can grant it in Settings → Accounts.')}
        </Empty>
      </div>
    </>
  )
}

interface State {
  answer: SqlRows | null
  error: Error | null
  /** What the error is about: it is wrong there only as long as that is what stands there. */
  query: string
}

function Asking() {
  const search = useSearch({ strict: false }) as { q?: unknown; saved?: string | undefined }
  const kept = decodeSql(search.q)
  const saved = useQuery(savedInsights).data?.find(({ id }) => id === search.saved)
  const navigate = useNavigate()
  const [{ query, params = {} }, setAsked] = useState<SqlQuestion>(kept ?? FIRST)
  const [told, setTold] = useState<State>({ answer: null, error: null, query: '' })
  const running = useRun(setTold)
  const field = useRef<HTMLTextAreaElement>(null)
  const wanted = paramsOf(query)
  const fault = told.error && told.query === query ? faultOf(told.error.message, query) : null
  const given = Object.fromEntries(wanted.map(({ name }) => [name, params[name] ?? '']))
  const asked = { query, ...(wanted.length > 0 ? { params: given } : {}) }
  const keep = (saved: string | undefined) => void navigate({ to: '/insights/$kind', params: { kind: 'sql' }, search: { q: asked, saved }, replace: true })
  const run = () => {
    if (query.trim() === '') return
    keep(search.saved)
    running.start(query, Object.fromEntries(wanted.map((param) => [param.name, valueOf(param, params[param.name] ?? '')])))
  }
  const write = (name: string) => {
    const { selectionStart: from, selectionEnd: to } = field.current ?? { selectionStart: query.length, selectionEnd: query.length }
    setAsked({ query: query.slice(0, from) + name + query.slice(to), params })
    requestAnimationFrame(() => {
      field.current?.focus()
      field.current?.setSelectionRange(from + name.length, from + name.length)
    })
  }
  return (
    <>
      <TopBar title={saved?.name ?? 'SQL'} parent={PARENT}>
        {query.trim() !== '' && (
          <SaveInsight
            kind="sql"
            question={asked}
            title="SQL"
            saved={search.saved}
            plain
            done={(id, theirs) => {
              const taken = decodeSql(theirs)
              if (taken) setAsked(taken)
              void navigate({ to: '/insights/$kind', params: { kind: 'sql' }, search: { q: { ...(taken ?? asked) }, saved: id }, replace: true })
            }}
          />
        )}
        {running.named === null ? (
          <Button variant="filled" leftSection={<Play size={14} />} onClick={run}>
            {t('Run')}
          </Button>
        ) : (
          <Button leftSection={<Square size={13} />} onClick={running.stop}>
            {t('Cancel')}
          </Button>
        )}
      </TopBar>
      <div className={insightStyles.panes} data-beside>
        <aside className={insightStyles.left} aria-label={t('Views and columns')}>
          <Views write={write} />
        </aside>
        <div className={insightStyles.work}>
          <PausedStrip />
          <Editor query={query} fault={fault} set={(next) => setAsked({ query: next, params })} run={run} field={field} />
          {wanted.length > 0 && (
            <div className={styles.params} role="group" aria-label={t('Values')}>
              {wanted.map(({ name, type }) => (
                <TextInput
                  key={name}
                  label={`${name} · ${type}`}
                  value={params[name] ?? ''}
                  onChange={({ currentTarget: { value } }) => setAsked({ query, params: { ...params, [name]: value } })}
                  onKeyDown={({ key }) => key === 'Enter' && run()}
                />
              ))}
            </div>
          )}
          {running.named !== null && <Progress named={running.named} />}
          {told.error && running.named === null && <Wrong error={told.error} fault={fault} retry={run} go={(at) => pointAt(field.current, at)} />}
          {told.answer && !told.error && <Result answer={told.answer} />}
          {!told.answer && !told.error && running.named === null && <p className="quiet">{t('Ctrl Enter runs the query. It only reads, and only the views beside it.')}</p>}
        </div>
      </div>
    </>
  )
}

function pointAt(field: HTMLTextAreaElement | null, { from, to }: Fault) {
  field?.focus()
  field?.setSelectionRange(from, to)
}

/** One query at a time: another one ends the one before. */
function useRun(tell: (state: State) => void) {
  const [named, setNamed] = useState<string | null>(null)
  const under = useRef<AbortController | null>(null)
  useEffect(() => () => under.current?.abort(), [])
  const start = (query: string, params: Record<string, string | string[]>) => {
    under.current?.abort()
    const controller = new AbortController()
    under.current = controller
    const name = newName('sql')
    setNamed(name)
    const ended = (state: State) => {
      if (under.current !== controller) return
      under.current = null
      setNamed(null)
      tell(state)
    }
    post<SqlRows>('/api/sql', { query, params, limit: ROWS_MOST }, controller.signal, name).then(
      (answer) => ended({ answer, error: null, query }),
      (error: Error) => ended({ answer: null, error, query }),
    )
  }
  const stop = () => {
    // The server ends a question that nobody waits for any more.
    under.current?.abort()
    under.current = null
    setNamed(null)
  }
  return { named, start, stop }
}

function Progress({ named }: { named: string }) {
  const { data } = useQuery(underWay(named))
  return (
    <div className={styles.progress} role="status">
      {data ? t('Running, {{share}}', { share: percent(data.progress, 0) }) : t('Running')}
      {data && data.rows_total > 0 && <span className="quiet"> {t('{{read}} of {{total}} rows read', { read: count(data.rows_read), total: count(data.rows_total) })}</span>}
      <div className={styles.track} aria-hidden="true">
        <div style={{ inlineSize: `${(data?.progress ?? 0) * 100}%` }} />
      </div>
    </div>
  )
}

/** What is wrong with the query, and where; anything else failed as everything does. */
function Wrong({ error, fault, retry, go }: { error: Error; fault: Fault | null; retry: () => void; go: (fault: Fault) => void }) {
  if (!(error instanceof Refusal) || error.status !== 400) {
    return (
      <div className={pageStyles.card}>
        <Failed what={t('The query was not answered')} error={error} retry={retry} />
      </div>
    )
  }
  return (
    <div className={styles.wrong} role="alert">
      <CircleAlert size={16} aria-hidden="true" />
      <div>
        <p>
          <strong>{error.message}</strong>
        </p>
        <p>
          {error.hint} <code className="faint">{error.code}</code>
        </p>
      </div>
      {fault && (
        <Button onClick={() => go(fault)}>{t('Go to line {{line}}, column {{column}}', { line: String(fault.line), column: String(fault.column) })}</Button>
      )}
    </div>
  )
}
