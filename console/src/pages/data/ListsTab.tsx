import { Button, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { post, put, remove, route } from '~/api/client'
import { useMay } from '~/api/may'
import { listUsers, lists } from '~/api/people'
import type { Shape } from '~/api/shape'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { PeopleDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { UsedBy } from '~/parts/UsedBy'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './DataPage.module.css'

type List = Shape<'ListShape'>

/** Lists of people put together by hand: conditions ask for them, as for any trait. */
export function ListsTab() {
  const query = useQuery(lists)
  const allowed = useMay()('analyses:write')
  const [open, setOpen] = useState<{ list: List | null; what: 'change' | 'used' | 'delete' } | null>(null)
  const close = () => setOpen(null)
  return (
    <div className={styles.keys}>
      {allowed && (
        <div>
          <Button variant="filled" onClick={() => setOpen({ list: null, what: 'change' })}>
            {t('New list')}
          </Button>
        </div>
      )}
      <Answered query={query} what={t('The lists did not load')}>
        {(all) =>
          all.length === 0 ? (
            <div className={pageStyles.card}>
              <Empty title={t('No lists yet')} drawing={<PeopleDrawing />}>
                {t('A list holds people put on it by hand: those of a fair, of a pilot, of an agreement. People can be put on one from the list of people, too.')}
              </Empty>
            </div>
          ) : (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Lists')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Name')}</th>
                    <th scope="col" className={tableStyles.number}>{t('People')}</th>
                    <th scope="col" className={tableStyles.number}>{t('Made')}</th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((list) => (
                    <tr key={list.id}>
                      <td>
                        <Link to="/people" search={{ trait: `list/${list.id}`, is: 'equals', value: 'true' }} className={tableStyles.name}>
                          <bdi>{list.name}</bdi>
                        </Link>
                      </td>
                      <td className={tableStyles.number}>{count(list.people)}</td>
                      <td className={`${tableStyles.number} quiet`}>
                        <Ago at={list.made_at} />
                      </td>
                      <td className={tableStyles.number}>
                        <Button variant="subtle" onClick={() => setOpen({ list, what: 'used' })}>
                          {t('Used by')}
                          <span className="unseen"> {list.name}</span>
                        </Button>
                        {allowed && (
                          <>
                            <Button variant="subtle" onClick={() => setOpen({ list, what: 'change' })}>
                              {t('Add or remove people')}
                              <span className="unseen"> {list.name}</span>
                            </Button>
                            <Button variant="subtle" onClick={() => setOpen({ list, what: 'delete' })}>
                              {t('Delete')}
                              <span className="unseen"> {list.name}</span>
                            </Button>
                          </>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answered>
      {open?.what === 'change' && <ChangeDialog list={open.list} close={close} />}
      {open?.what === 'used' && open.list && <UsedDialog list={open.list} close={close} />}
      {open?.what === 'delete' && open.list && <DeleteDialog list={open.list} close={close} />}
    </div>
  )
}

const namesIn = (text: string) => [...new Set(text.split(/[\n,;]+/).map((each) => each.trim()).filter(Boolean))]

function ChangeDialog({ list, close }: { list: List | null; close: () => void }) {
  const client = useQueryClient()
  const [unnamed] = useState(() => `list-${Date.now().toString(36)}`)
  const [name, setName] = useState('')
  const [coming, setComing] = useState('')
  const [going, setGoing] = useState('')
  const [add, gone] = [namesIn(coming), namesIn(going)]
  const change = useMutation({
    mutationFn: () =>
      list
        ? post<Shape<'ListChangeShape'>>(route`/api/lists/${list.id}/people`, { add, remove: gone })
        : put<Shape<'ListChangeShape'>>(route`/api/lists/${slug(name, unnamed)}`, { name: name.trim(), people: add }),
    onSuccess: () => client.invalidateQueries({ queryKey: lists.queryKey }),
  })
  const done = change.data
  return (
    <Dialog onClose={close} title={list ? t('People of “{{list}}”', { list: list.name }) : t('New list')}>
      {done ? (
        <div className={styles.keys}>
          <p role="status">
            {t('Put on: {{added}}. Taken off: {{removed}}. Now {{people}}.', { added: done.added, removed: done.removed, people: done.people })}
            {done.unknown > 0 && ` ${counted(done.unknown, '{{count}} name is nobody’s yet: {{names}}', '{{count}} names are nobody’s yet: {{names}}', { names: done.unknown_names.join(', ').slice(0, 300) })}`}
          </p>
          <div className={styles.actions}>
            <Button variant="filled" data-autofocus onClick={close}>
              {t('Done')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={styles.keys}
          onSubmit={(event) => {
            event.preventDefault()
            change.mutate()
          }}
        >
          {!list && <TextInput label={t('Name of the list')} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />}
          <Textarea label={t('Put on it')} description={t('User ids, one on a line; paste a column of a table')} autosize minRows={4} maxRows={12} value={coming} onChange={(event) => setComing(event.currentTarget.value)} />
          {list && <Textarea label={t('Take off it')} autosize minRows={2} maxRows={12} value={going} onChange={(event) => setGoing(event.currentTarget.value)} />}
          {change.isError && (
            <p className={styles.bad} role="alert">
              {t('Nothing was changed.')} {change.error.message}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" loading={change.isPending} disabled={list ? add.length + gone.length === 0 : !name.trim()}>
              {list ? t('Change the list') : t('Make the list')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

/** Whatever asks for a list: segments, journeys, campaigns and KPIs. */
function UsedDialog({ list, close }: { list: List; close: () => void }) {
  const users = useQuery({ ...listUsers(list.id), staleTime: 0 })
  return (
    <Dialog onClose={close} title={t('What uses “{{list}}”', { list: list.name })}>
      <div className={styles.keys}>
        <Answered query={users} what={t('What uses it did not load')} waiting={<Waiting rows={2} />}>
          {(uses) =>
            uses.length > 0 ? (
              <UsedBy uses={uses} label={t('Used by')} />
            ) : (
              <p>{t('Nothing uses it yet. The rule “on a list” of a segment asks for it.')}</p>
            )
          }
        </Answered>
        <div className={styles.actions}>
          <Button variant="filled" data-autofocus onClick={close}>
            {t('Done')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function DeleteDialog({ list, close }: { list: List; close: () => void }) {
  const client = useQueryClient()
  const [typed, setTyped] = useState('')
  const users = useQuery({ ...listUsers(list.id), staleTime: 0 })
  const gone = useMutation({
    mutationFn: () => remove(route`/api/lists/${list.id}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: lists.queryKey })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Delete “{{list}}”', { list: list.name })}>
      <div className={styles.keys}>
        <Answered query={users} what={t('What uses it did not load')} waiting={<Waiting rows={2} />}>
          {(uses) =>
            uses.length > 0 ? (
              <>
                <p>{counted(uses.length, 'It cannot be deleted while it is used in {{count}} place. Take it out there first:', 'It cannot be deleted while it is used in {{count}} places. Take it out there first:')}</p>
                <UsedBy uses={uses} label={t('Used by')} />
              </>
            ) : (
              <>
                <p>{counted(list.people, '{{count}} person is taken off it, and it is forgotten.', '{{count}} people are taken off it, and it is forgotten.')}</p>
                <TextInput label={t('Type {{name}} to delete it', { name: list.name })} data-autofocus value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
              </>
            )
          }
        </Answered>
        {gone.isError && (
          <p className={styles.bad} role="alert">
            {t('Not deleted.')} {gone.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger disabled={users.data?.length !== 0 || typed.trim() !== list.name.trim()} loading={gone.isPending} onClick={() => gone.mutate()}>
            {t('Delete list')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
