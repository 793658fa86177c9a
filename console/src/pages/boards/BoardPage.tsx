import { Button, Menu, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Copy, Ellipsis, Link2, Maximize2, Pencil, RotateCw, Share2 } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { type Board, board, BOARDS, type BoardSaid, newId, readBoard, saveBoard } from '~/api/boards'
import { useMay } from '~/api/may'
import { segments } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { slug } from '~/pages/segments/slug'
import { SieveDrawing } from '~/parts/Drawings'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, Waiting } from '~/parts/States'
import { MovedOnAsk, movedOn } from '~/parts/teamwork/MovedOnAsk'
import { counted, t } from '~/words/language'
import { AddCard } from './AddCard'
import styles from './Boards.module.css'
import { Cards } from './Cards'
import { CARDS_MOST, saidOf } from './changes'
import { NameDialog } from './NameDialog'
import { type Saving, useBoard } from './useBoard'

const PARENT = { to: '/boards', label: t('Boards') } as const
const ShareDialog = lazy(async () => ({ default: (await import('~/parts/sharing/ShareDialog')).ShareDialog }))
const DAYS = [1, 7, 14, 30, 60, 90, 180, 365, 730]
/** What a refresh asks anew. */
const ASKED = [['insight'], ['kpis'], ['sql-card'], ['saved-insights']]

/** `/boards/$id`: one board. */
export function BoardPage() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery(board(id))
  return (
    <>
      {!query.data && <TopBar title={query.isError ? id : t('Board')} parent={PARENT} />}
      <Answered query={query} what={t('The board did not load')} parent={PARENT} waiting={<Waiting rows={3} height={220} />}>
        {(read) => <Opened key={read.id} read={read} />}
      </Answered>
    </>
  )
}

function Opened({ read }: { read: Board }) {
  const may = useMay()('analyses:write')
  const client = useQueryClient()
  const { said, set, saving, error, take, keepMine, again } = useBoard(read, may)
  const [naming, setNaming] = useState(false)
  const [sharing, setSharing] = useState(false)
  const [deciding, setDeciding] = useState(true)
  const page = useRef<HTMLDivElement>(null)
  const refresh = () => ASKED.forEach((queryKey) => void client.invalidateQueries({ queryKey }))
  const add = may && <AddCard cards={said.cards} add={(card) => set({ cards: [...said.cards, card] })} />
  return (
    <>
      <TopBar title={said.name} parent={PARENT} beside={may && <State saving={saving} again={again} decide={() => setDeciding(true)} />}>
        <BoardMenu id={read.id} said={said} may={may} rename={() => setNaming(true)} share={() => setSharing(true)} />
        {add}
      </TopBar>
      <div className={pageStyles.scroll} tabIndex={-1} ref={page} data-board>
        <div className={`${pageStyles.page} ${styles.page}`}>
          <div className={styles.tools} role="group" aria-label={t('For all insights on this board')}>
            <PeriodField period={said.period} set={(period) => set({ period })} />
            <SegmentFilter segment={said.segment} set={(segment) => set({ segment })} />
            <span className={styles.space} />
            <Button variant="subtle" leftSection={<RotateCw size={14} />} onClick={refresh}>
              {t('Refresh')}
            </Button>
            {document.fullscreenEnabled && (
              <Button variant="subtle" leftSection={<Maximize2 size={14} />} onClick={() => void page.current?.requestFullscreen()}>
                {t('Full screen')}
              </Button>
            )}
          </div>
          {said.description && <p className={styles.description}>{said.description}</p>}
          {said.cards.length > 0 ? (
            <Cards said={said} may={may} set={(cards) => set({ cards })} />
          ) : (
            <div className={pageStyles.card}>
              <Empty title={t('Nothing on this board yet')} drawing={<SieveDrawing />}>
                {may ? t('Add a saved insight, a KPI, or a few words. What you change is saved by itself.') : t('Whoever made it has not put anything on it.')}
              </Empty>
            </div>
          )}
        </div>
      </div>
      {sharing && (
        <Suspense>
          <ShareDialog kind="board" id={read.id} name={said.name} close={() => setSharing(false)} />
        </Suspense>
      )}
      {naming && <NameDialog said={said} set={set} close={() => setNaming(false)} />}
      {saving === 'moved_on' && deciding && movedOn(error) && (
        <MovedOnAsk
          error={error}
          read={async () => saidOf(await readBoard(read.id))}
          mine={said}
          takeTheirs={() => void readBoard(read.id).then(take)}
          keepMine={keepMine}
          close={() => setDeciding(false)}
        />
      )}
    </>
  )
}

function State({ saving, again, decide }: { saving: Saving; again: () => void; decide: () => void }) {
  if (saving === 'failed' || saving === 'moved_on')
    return (
      <Button variant="subtle" data-danger onClick={saving === 'failed' ? again : decide} role="alert">
        {saving === 'failed' ? t('Not saved. Try again') : t('Somebody else changed it. Decide')}
      </Button>
    )
  return (
    <span className="faint" role="status">
      {saving === 'saving' ? t('Saving') : t('Saved')}
    </span>
  )
}

function PeriodField({ period, set }: { period: BoardSaid['period']; set: (period: BoardSaid['period']) => void }) {
  const last = period && 'last_days' in period ? period.last_days : null
  const dates = period && 'since' in period ? [{ value: 'dates', label: [period.since, period.until ?? ''].join(' – ') }] : []
  const choices = [...new Set([...DAYS, ...(last === null ? [] : [last])])].sort((one, other) => one - other)
  const data = [
    { value: '', label: t('Each its own period') },
    ...choices.map((days) => ({ value: String(days), label: days === 1 ? t('Today') : counted(days, 'Last {{count}} day', 'Last {{count}} days') })),
    ...dates,
  ]
  const value = period === null ? '' : last === null ? 'dates' : String(last)
  return <Select aria-label={t('Period')} data={data} value={value} allowDeselect={false} onChange={(chosen) => chosen !== 'dates' && set(chosen ? { last_days: Number(chosen) } : null)} />
}

function SegmentFilter({ segment, set }: { segment: string | null; set: (segment: string | null) => void }) {
  const saved = useQuery(segments).data ?? []
  const gone = segment !== null && !saved.some(({ id }) => id === segment)
  const data = [{ value: '', label: t('Each its own people') }, ...saved.map(({ id, name }) => ({ value: id, label: name })), ...(gone ? [{ value: segment, label: segment }] : [])]
  return <Select aria-label={t('Segment')} searchable data={data} value={segment ?? ''} allowDeselect={false} onChange={(id) => set(id || null)} nothingFoundMessage={t('No segment is called that')} />
}

function BoardMenu({ id, said, may, rename, share }: { id: string; said: BoardSaid; may: boolean; rename: () => void; share: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const copy = useMutation({
    mutationFn: () => {
      const name = t('{{name}}, copy', { name: said.name }).slice(0, 200)
      return saveBoard(newId(slug(name, 'board')), { ...said, name }, 0)
    },
    onSuccess: async (made) => {
      client.setQueryData([...BOARDS, made.id], made)
      void client.invalidateQueries({ queryKey: BOARDS, exact: true })
      await navigate({ to: '/boards/$id', params: { id: made.id } })
    },
  })
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" aria-label={t('More')} loading={copy.isPending}>
          <Ellipsis size={16} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {may && (
          <Menu.Item leftSection={<Pencil size={14} />} onClick={rename}>
            {t('Name and description')}
          </Menu.Item>
        )}
        {may && (
          <Menu.Item leftSection={<Copy size={14} />} disabled={said.cards.length > CARDS_MOST} onClick={() => copy.mutate()}>
            {t('Duplicate')}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Link2 size={14} />} onClick={() => void navigator.clipboard.writeText(`${location.origin}/boards/${encodeURIComponent(id)}`)}>
          {t('Copy link for colleagues')}
        </Menu.Item>
        {may && (
          <Menu.Item leftSection={<Share2 size={14} />} onClick={share}>
            {t('Share outside')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
