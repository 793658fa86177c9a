import { Autocomplete, Button, Select, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { catalogues as cataloguesQuery } from '~/api/channels'
import { address, Refusal, remove, route, upload } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import type { Catalogue } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import { counted, t } from '~/words/language'
import styles from '../channels/ChannelsPage.module.css'
import { CatalogueItems } from './CatalogueItems'
import { ShelfDrawing } from './drawings'
import { ImportForm } from './ImportForm'

const here = getRouteApi('/content')

/** What messages look things up in. Files of them are brought in here, by the command line or the API. */
export function CataloguesTab() {
  const query = useQuery(cataloguesQuery)
  const { of: chosen, find = '' } = here.useSearch()
  const navigate = here.useNavigate()
  const go = (to: { of?: string | undefined; find?: string | undefined }) => void navigate({ search: (now) => ({ ...now, ...to }), replace: true })
  const setChosen = (name: string | null) => go({ of: name ?? undefined, find: undefined })
  const [deleting, setDeleting] = useState<Catalogue | null>(null)
  const mayWrite = useMay()('content:write')
  return (
    <Answered query={query} what={t('The catalogues did not load')}>
      {(all) => {
        const open = all.find(({ name }) => name === chosen) ?? all[0]
        return (
          <div className={styles.sections}>
            {mayWrite && <Import into={open?.name ?? ''} names={all.map(({ name }) => name)} done={setChosen} />}
            {open ? (
              <>
                <div className={styles.row}>
                  <Select label={t('Catalogue')} w={240} data={all.map(({ name }) => name)} value={open.name} onChange={setChosen} />
                  <p className="quiet">
                    {counted(open.items, '{{count}} item', '{{count}} items')}
                    {open.ranked_by && `, ${t('the first by {{name}}', { name: open.ranked_by })}`}, {t('changed')} <Ago at={open.changed_at} />
                    {open.by && ` ${t('by {{who}}', { who: open.by })}`}
                  </p>
                  {mayWrite && (
                    <Button leftSection={<Trash2 size={14} />} onClick={() => setDeleting(open)}>
                      {t('Delete catalogue')}
                    </Button>
                  )}
                </div>
                <CatalogueItems key={open.name} catalogue={open} sought={find} seek={(words) => go({ find: words || undefined })} />
              </>
            ) : (
              <div className={pageStyles.card}>
                <Empty title={t('No catalogues yet')} drawing={<ShelfDrawing />}>
                  {t('A catalogue holds what messages speak of: products, articles, shops.')}
                </Empty>
              </div>
            )}
            {deleting && (
              <DeleteCatalogue
                catalogue={deleting}
                close={() => {
                  setDeleting(null)
                  setChosen(null)
                }}
              />
            )}
          </div>
        )
      }}
    </Answered>
  )
}

const MODES = ['replace', 'update'] as const

/** A file of items: into which catalogue, what their id is, and whether they are all of them. */
function Import({ into, names, done }: { into: string; names: string[]; done: (name: string) => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(into)
  const [id, setId] = useState('id')
  const [mode, setMode] = useState<(typeof MODES)[number]>('replace')
  const [ranked, setRanked] = useState('')
  const [skip, setSkip] = useState(false)
  return (
    <ImportForm<Shape<'ImportedItemsShape'>>
      label={t('A file of items')}
      accept=".csv,.json,.jsonl"
      send={(query, file, sent) =>
        upload(
          route`/api/catalogues/${name.trim()}/import`,
          { mode, id: id.trim(), ...(ranked.trim() ? { ranked_by: ranked.trim() } : {}), ...(skip ? { skip_bad: true } : {}), ...query },
          file,
          sent,
        )
      }
      button={t('Bring in')}
      ready={name.trim() !== '' && id.trim() !== ''}
      anyway={mode === 'replace' ? t('Bring it in all the same: what asks for it says nothing there') : ''}
      done={() => void client.invalidateQueries({ queryKey: ['catalogues'] }).then(() => done(name.trim()))}
      said={(answer) => (
        <>
          <p>
            {counted(answer.kept, '{{count}} item was brought in', '{{count}} items were brought in')}
            {answer.bad > 0 && `, ${counted(answer.bad, '{{count}} row was left out', '{{count}} rows were left out')}`}.
          </p>
          {answer.complaints.length > 0 && (
            <ul aria-label={t('Rows that were left out')}>
              {answer.complaints.map((each, i) => (
                <li key={i}>{each}</li>
              ))}
            </ul>
          )}
        </>
      )}
    >
      <Autocomplete label={t('Into the catalogue')} w={180} data={names} value={name} onChange={setName} />
      <TextInput label={t('Field that is the id')} w={130} value={id} onChange={(event) => setId(event.currentTarget.value)} />
      <TextInput label={t('Number that ranks them')} w={150} value={ranked} placeholder={t('As it was')} onChange={(event) => setRanked(event.currentTarget.value)} />
      <Select
        label={t('What it does')}
        w={190}
        data={[
          { value: 'replace', label: t('Replace all items') },
          { value: 'update', label: t('Add and change items') },
        ]}
        value={mode}
        onChange={(next) => setMode(MODES.find((each) => each === next) ?? 'replace')}
      />
      <Switch label={t('Leave out rows that can be no item')} checked={skip} onChange={(event) => setSkip(event.currentTarget.checked)} />
    </ImportForm>
  )
}

/** Whatever looks something up in it is not sent from then on: its name is typed, and who does so is said. */
function DeleteCatalogue({ catalogue, close }: { catalogue: Catalogue; close: () => void }) {
  const client = useQueryClient()
  const [typed, setTyped] = useState('')
  const [anyway, setAnyway] = useState(false)
  const act = useMutation({
    mutationFn: () => remove(address(route`/api/catalogues/${catalogue.name}`, anyway ? { allow_unknown: true } : {})),
    onSuccess: () => {
      // It is off the page before anything is asked for again: its items are not there any more.
      client.setQueryData(cataloguesQuery.queryKey, (all) => all?.filter(({ name }) => name !== catalogue.name))
      close()
      void client.invalidateQueries({ queryKey: cataloguesQuery.queryKey, exact: true })
    },
  })
  return (
    <Dialog onClose={close} title={t('Delete “{{name}}”', { name: catalogue.name })}>
      <div className={styles.form}>
        <p>{counted(catalogue.items, 'It has {{count}} item. Messages that look something up in it are then not sent.', 'It has {{count}} items. Messages that look something up in it are then not sent.')}</p>
        <TextInput label={t('Type {{name}} to delete it', { name: catalogue.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {act.isError && (
          <p className={styles.bad} role="alert">
            {t('Nothing was deleted.')} {act.error.message}
          </p>
        )}
        {act.error instanceof Refusal && act.error.code === 'in_use' && (
          <Switch label={t('Delete it all the same: they are not sent until they are changed')} checked={anyway} onChange={(event) => setAnyway(event.currentTarget.checked)} />
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button variant="filled" data-danger disabled={typed !== catalogue.name} loading={act.isPending} onClick={() => act.mutate()}>
            {t('Delete catalogue')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
