import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChartLine, ClipboardCopy, Download, Table2 } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { eventNames, underWay } from '~/api/queries'
import { CopyButton } from '~/parts/CopyButton'
import { pictureOf, saveFile, saveSheet } from '~/parts/charts/files'
import { Failed, Waiting } from '~/parts/States'
import { LOCALE, t } from '~/words/language'
import { milliseconds, percent } from '~/words/numbers'
import { asSheet, type CellKey, rowsOf } from './answer'
import { AnswerTable } from './AnswerTable'
import { type Answered, useAnswer } from './asking'
import styles from './Insights.module.css'
import { insightOf } from './kinds'
import { PeopleDrawer } from './PeopleDrawer'
import { eventsOf, finished, type Question } from './question'

export interface InsightViewProps {
  question: Question
  /** On a board: lower, and without the tools under it. */
  small?: boolean
  /** Which number is open to its people; where the page keeps that in its address. Else the view keeps it. */
  cell?: CellKey | null
  setCell?: (cell: CellKey | null) => void
  /** Whether it is shown as a table; where the page keeps that. */
  table?: boolean
  setTable?: (table: boolean) => void
  /** What it was saved as; then the question in plain words is said below it. */
  name?: ReactNode
  /** What stands beside the title. */
  beside?: ReactNode
}

/** A question and its answer: the picture, the same as a table, and the people behind every number. */
export function InsightView({ question, small = false, name, beside, ...kept }: InsightViewProps) {
  const kind = insightOf(question.kind)
  const { query, named, stale, cancel, calledOff } = useAnswer(question)
  const [ownCell, setOwnCell] = useState<CellKey | null>(null)
  const [ownTable, setOwnTable] = useState(false)
  const cell = kept.setCell ? (kept.cell ?? null) : ownCell
  const setCell = kept.setCell ?? setOwnCell
  const table = kept.setTable ? (kept.table ?? false) : ownTable
  const picture = useRef<HTMLDivElement>(null)
  return (
    <section className={styles.card} data-small={small || undefined} aria-label={kind.title(question)}>
      <header className={styles.head}>
        <div>
          <h2>{name ?? kind.title(question)}</h2>
          <p>{[...(name === undefined ? [] : [kind.title(question)]), ...kind.notes(question)].join(' · ')}</p>
        </div>
        {beside}
      </header>
      <div ref={picture} className={styles.body} data-stale={stale || undefined}>
        {!finished(question) ? (
          <p className={styles.unfinished}>{t('The question is not finished yet. Choose what is still missing.')}</p>
        ) : query.data ? (
          <Drawn found={query.data} table={table} small={small} open={setCell} />
        ) : query.isError ? (
          <Failed what={t('The question was not answered')} error={query.error} retry={() => void query.refetch()} />
        ) : (
          !calledOff && <Waiting rows={1} height={small ? 220 : 340} />
        )}
      </div>
      <NeverDone question={question} />
      {query.isError && query.data && <Failed what={t('The changed question was not answered')} error={query.error} retry={() => void query.refetch()} />}
      {query.isFetching && <Progress named={named} cancel={cancel} />}
      {calledOff && (
        <p className={styles.progress} role="status">
          {t('Called off; nothing was changed.')}
          <Button variant="subtle" onClick={() => void query.refetch()}>
            {t('Ask again')}
          </Button>
        </p>
      )}
      {!small && query.data && <Foot found={query.data} table={table} setTable={kept.setTable ?? setOwnTable} picture={picture} />}
      {cell && query.data && <PeopleDrawer question={query.data.asked} answer={query.data.answer} cell={cell} close={() => setCell(null)} />}
    </section>
  )
}

const and = new Intl.ListFormat(LOCALE)

/** An answer of zeros is puzzling where the reason is a name nobody has ever sent. */
function NeverDone({ question }: { question: Question }) {
  const { data } = useQuery(eventNames)
  if (data === undefined) return null
  const known = new Set(data.map(({ name }) => name))
  const never = eventsOf(question).filter((name) => !known.has(name))
  if (never.length === 0) return null
  return <p className={styles.never}>{t('Nobody has done {{events}} yet, so there is nothing to count of it.', { events: and.format(never.map((name) => t('“{{name}}”', { name }))) })}</p>
}

function Drawn({ found: { asked, answer }, table, small, open }: { found: Answered; table: boolean; small: boolean; open: (cell: CellKey) => void }) {
  const kind = insightOf(asked.kind)
  const rows = useMemo(() => rowsOf(answer), [answer])
  return table ? <AnswerTable kind={kind} asked={asked} answer={answer} rows={rows} open={open} /> : <kind.View asked={asked} answer={answer} rows={rows} open={open} small={small} />
}

const SLOW_MS = 1500

/** How far a question has come that takes long, and a way to call it off. */
function Progress({ named, cancel }: { named: () => string | undefined; cancel: () => void }) {
  const [slow, setSlow] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(named() ?? null), SLOW_MS)
    return () => clearTimeout(timer)
    // Once for each time it is asked: this is drawn only meanwhile.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  const { data } = useQuery({ ...underWay(slow ?? ''), enabled: slow !== null })
  if (slow === null) return null
  return (
    <p className={styles.progress} role="status">
      {data ? t('Still reckoning, {{share}}', { share: percent(data.progress, 0) }) : t('Still reckoning')}
      <Button variant="subtle" onClick={cancel}>
        {t('Cancel')}
      </Button>
    </p>
  )
}

interface FootProps {
  found: Answered
  table: boolean
  setTable: (table: boolean) => void
  picture: React.RefObject<HTMLDivElement | null>
}

function Foot({ found: { asked, answer }, table, setTable, picture }: FootProps) {
  const name = `${asked.kind}-${new Date().toISOString().slice(0, 10)}`
  return (
    <footer className={styles.foot}>
      <span className={styles.took}>{t('Answered in {{time}}. Days are those of {{zone}}.', { time: milliseconds(answer.took_ms), zone: answer.time_zone })}</span>
      <Button variant="subtle" leftSection={table ? <ChartLine size={14} /> : <Table2 size={14} />} onClick={() => setTable(!table)}>
        {table ? t('View as chart') : t('View as table')}
      </Button>
      <CopyButton text={() => asSheet(answer, '\t')} />
      <Menu position="top-end">
        <Menu.Target>
          <Button variant="subtle" leftSection={<Download size={14} />}>
            {t('Export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Table2 size={14} />} onClick={() => saveSheet(name, asSheet(answer, ','))}>
            {t('Table, as CSV')}
          </Menu.Item>
          <Menu.Item leftSection={<ChartLine size={14} />} onClick={() => void (picture.current && pictureOf(picture.current).then((blob) => saveFile(`${name}.png`, 'image/png', blob)))}>
            {t('Picture, as PNG')}
          </Menu.Item>
          <Menu.Item leftSection={<ClipboardCopy size={14} />} onClick={() => void navigator.clipboard.writeText(location.href)}>
            {t('Copy link to this')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </footer>
  )
}
