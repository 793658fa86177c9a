import { ActionIcon, Button, Textarea, TextInput, Tooltip } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { type BoardHeading, BOARDS, boards, deleteBoard, newId, restoreBoard, saveBoard } from '~/api/boards'
import { useMay } from '~/api/may'
import { TopBar } from '~/frame/TopBar'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { TreeDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './Boards.module.css'

/** Every board there is. */
export function BoardsPage() {
  const query = useQuery(boards)
  const may = useMay()('analyses:write')
  const [making, setMaking] = useState(false)
  const [gone, setGone] = useState<BoardHeading | null>(null)
  const make = may && (
    <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => setMaking(true)}>
      {t('New board')}
    </Button>
  )
  const none = query.data?.length === 0
  return (
    <>
      <TopBar title={t('Boards')}>{!none && make}</TopBar>
      <Page>
        <div>
          {gone && <Undo gone={gone} done={() => setGone(null)} />}
          <Answered query={query} what={t('The boards did not load')}>
            {(found) =>
              found.length > 0 ? (
                <BoardTable boards={found} deleted={setGone} />
              ) : (
                <div className={pageStyles.card}>
                  <Empty title={t('No boards yet')} drawing={<TreeDrawing />} actions={make}>
                    {may
                      ? t('A board is what you look at every morning: saved insights, KPIs and words side by side, for one period.')
                      : t('A board shows saved insights, KPIs and words side by side. An owner or admin can let you make one, in Settings → Accounts.')}
                  </Empty>
                </div>
              )
            }
          </Answered>
        </div>
      </Page>
      {making && <NewDialog close={() => setMaking(false)} />}
    </>
  )
}

function NewDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const make = useMutation({
    mutationFn: () => saveBoard(newId(slug(name, 'board')), { name: name.trim(), description: description.trim(), period: null, segment: null, cards: [] }, 0),
    onSuccess: async (made) => {
      client.setQueryData([...BOARDS, made.id], made)
      void client.invalidateQueries({ queryKey: BOARDS, exact: true })
      await navigate({ to: '/boards/$id', params: { id: made.id } })
    },
  })
  return (
    <Dialog onClose={close} title={t('New board')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) make.mutate()
        }}
      >
        <TextInput
          label={t('Name')}
          description={t('A few words people will recognise')}
          data-autofocus
          maxLength={200}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          error={make.isError ? `${t('Not saved.')} ${make.error.message}` : undefined}
        />
        <Textarea
          label={t('Description')}
          description={t('What it is for, and who looks at it')}
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2000}
          value={description}
          onChange={({ currentTarget }) => setDescription(currentTarget.value)}
        />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!name.trim()} loading={make.isPending}>
            {t('Create')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Undo({ gone, done }: { gone: BoardHeading; done: () => void }) {
  const client = useQueryClient()
  const undo = useMutation({
    mutationFn: () => restoreBoard(gone.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: BOARDS })
      done()
    },
  })
  return (
    <div className={styles.strip} role="status">
      <span>{t('“{{name}}” was deleted. The insights on it stay.', { name: gone.name })}</span>
      <Button variant="subtle" loading={undo.isPending} onClick={() => undo.mutate()}>
        {t('Undo')}
      </Button>
      {undo.isError && <span role="alert">{undo.error.message}</span>}
    </div>
  )
}

function BoardTable({ boards: found, deleted }: { boards: BoardHeading[]; deleted: (board: BoardHeading) => void }) {
  const may = useMay()('analyses:write')
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Boards')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col" className={tableStyles.number}>
              {t('Cards')}
            </th>
            <th scope="col">{t('Saved by')}</th>
            <th scope="col" className={tableStyles.number}>
              {t('Changed')}
            </th>
            {may && (
              <th scope="col">
                <span className="unseen">{t('Actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {found.map((board) => (
            <tr key={board.id}>
              <td>
                <Link to="/boards/$id" params={{ id: board.id }} className={`${tableStyles.name} ${styles.name}`}>
                  {board.name}
                </Link>
              </td>
              <td className={tableStyles.number}>{count(board.cards)}</td>
              <td className="quiet">{board.by}</td>
              <td className={`${tableStyles.number} quiet`}>
                <Ago at={board.saved_at} />
              </td>
              {may && (
                <td className={tableStyles.number}>
                  <Delete board={board} deleted={() => deleted(board)} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** At once, for it can be undone. */
function Delete({ board, deleted }: { board: BoardHeading; deleted: () => void }) {
  const client = useQueryClient()
  const drop = useMutation({
    mutationFn: () => deleteBoard(board.id),
    onSuccess: async () => {
      deleted()
      client.removeQueries({ queryKey: [...BOARDS, board.id] })
      await client.invalidateQueries({ queryKey: BOARDS, exact: true })
    },
  })
  const label = t('Delete “{{name}}”', { name: board.name })
  return (
    <Tooltip label={drop.isError ? drop.error.message : label}>
      <ActionIcon variant="subtle" aria-label={label} loading={drop.isPending} onClick={() => drop.mutate()}>
        <Trash2 size={15} />
      </ActionIcon>
    </Tooltip>
  )
}
