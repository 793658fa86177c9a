import { Button, Tabs, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { saved as savedQuery } from '~/api/channels'
import { get, put, route } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import type { Properties, Saved, Schema } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { SchemaForm } from '~/parts/SchemaForm'
import { Answered, Waiting } from '~/parts/States'
import { DraftFound, DraftNote } from '~/parts/teamwork/DraftNote'
import { MovedOnAsk, movedOn } from '~/parts/teamwork/MovedOnAsk'
import { MovedOnDialog } from '~/parts/teamwork/MovedOnDialog'
import { useDraft } from '~/parts/teamwork/useDraft'
import { counted, t } from '~/words/language'
import { DeleteSaved } from './DeleteSaved'
import { NotSaved } from './NotSaved'
import { PreviewPane, type Reader } from './PreviewPane'
import styles from './TemplatePage.module.css'
import { VersionsTab } from './VersionsTab'

const here = getRouteApi('/content/blocks/$id')
const PARENT = { to: '/content', label: t('Content') } as const

const long = (description: string): Schema => ({ type: 'string', maxLength: 500_000, description, default: '' })

/** The forms a piece of a message has; one of them is enough. */
const FORMS: Schema = {
  type: 'object',
  required: [],
  properties: { html: long(t('What is put into HTML.')), text: long(t('What is put into text; made of the HTML if empty.')), mjml: long(t('What is put into MJML; the HTML if empty.')) },
}

/** A piece that templates share: what it says, who puts it in, and what a change would do to them. */
export function BlockPage() {
  const { id } = here.useParams()
  const { name } = here.useSearch()
  const query = useQuery({ ...savedQuery('block', id), enabled: name === undefined })
  // Whoever it is looked at as stays when a version is saved, and the editor begins anew.
  const reader = useState<string | null>(null)
  // A block may say it needs nothing: what is not written is empty.
  if (name !== undefined) return <Editor key={`new ${id}`} id={id} start={{ name }} saved={null} reader={reader} />
  return (
    <>
      {!query.data && <TopBar title={id} parent={PARENT} />}
      <Answered query={query} what={t('This block did not load')} parent={PARENT} waiting={<Waiting rows={10} />}>
        {(found) => <Editor key={`${id} ${found.heading.version}`} id={id} start={found.definition} saved={found} reader={reader} />}
      </Answered>
    </>
  )
}

interface Save {
  /** The version it was written upon. */
  on: number
  /** Though others who put it in would not hold up with it. */
  all?: boolean
}

function Editor({ id, start, saved, reader }: { id: string; start: Properties; saved: Saved | null; reader: Reader }) {
  const client = useQueryClient()
  const navigate = here.useNavigate()
  const mayWrite = useMay()('content:write')
  const [definition, setDefinition] = useState(start)
  const version = saved?.heading.version ?? 0
  const draft = useDraft<Properties>('block', id, version)
  const change = (next: Properties) => {
    setDefinition(next)
    draft.write(next)
  }
  const save = useMutation({
    mutationFn: ({ on, all = false }: Save) => put<Shape<'SavedNow'>>(route`/api/blocks/${id}`, { definition, based_on: on, allow_unknown: all }),
    onSuccess: async (now) => {
      client.setQueryData(['block-warnings', id], now.warnings)
      await draft.discard()
      await client.invalidateQueries({ queryKey: ['blocks'] })
      await navigate({ search: {}, replace: true })
    },
  })
  const uses = saved?.used_by ?? []
  return (
    <>
      <TopBar
        title={String(definition['name'] || id)}
        parent={PARENT}
        {...(saved ? { about: `block:${id}` } : {})}
        beside={
          <>
            <Chip>{t('Block')}</Chip>
            {saved && <Chip dot>v{version}</Chip>}
          </>
        }
      >
        <DraftNote draft={draft} />
        {saved && <DeleteSaved kind="block" saved={saved} />}
        <Button variant="filled" disabled={!mayWrite || (saved !== null && definition === start)} loading={save.isPending} onClick={() => save.mutate({ on: version })}>
          {t('Save v{{version}}', { version: version + 1 })}
        </Button>
      </TopBar>
      <DraftFound draft={draft} restore={setDefinition} />
      {movedOn(save.error) && !save.isPending && (
        <MovedOnAsk
          error={save.error}
          read={async () => (await get<Saved>(route`/api/blocks/${id}`)).definition}
          mine={definition}
          takeTheirs={() => void draft.discard().then(() => client.invalidateQueries({ queryKey: ['blocks'] }))}
          keepMine={(on) => save.mutate({ on, ...(save.variables?.all ? { all: true } : {}) })}
          close={() => save.reset()}
        />
      )}
      {draft.conflict && (
        <MovedOnDialog
          by={draft.conflict.by}
          mine={definition}
          theirs={draft.conflict.theirs}
          takeTheirs={() => {
            const theirs = draft.takeTheirs()
            if (theirs) setDefinition(theirs)
          }}
          keepMine={draft.keepMine}
          close={draft.decideLater}
        />
      )}
      <div className={styles.panes}>
        <div className={styles.work} tabIndex={0} role="region" aria-label={t('Block')}>
          {save.isError && !movedOn(save.error) && <NotSaved error={save.error} saving={save.isPending} all={() => save.mutate({ on: version, all: true })} />}
          <Broken id={id} />
          <Tabs defaultValue="parts">
            <Tabs.List>
              <Tabs.Tab value="parts">{t('What it says')}</Tabs.Tab>
              {saved && <Tabs.Tab value="versions">{t('Versions')} {version}</Tabs.Tab>}
              {saved && <Tabs.Tab value="used">{t('Used by')} {uses.length}</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="parts" className={styles.panel}>
              <div className={styles.parts}>
                {uses.length > 0 && <p className="quiet">{counted(uses.length, '{{count}} other puts it in, and says what is saved here from then on.', '{{count}} others put it in, and say what is saved here from then on.')}</p>}
                <TextInput label={t('Name')} maxLength={200} value={String(definition['name'] ?? '')} onChange={(event) => change({ ...definition, name: event.currentTarget.value })} />
                <SchemaForm schema={FORMS} values={definition} change={change} />
              </div>
            </Tabs.Panel>
            {saved && (
              <Tabs.Panel value="versions" className={styles.panel}>
                <VersionsTab kind="block" id={id} newest={version} />
              </Tabs.Panel>
            )}
            {saved && (
              <Tabs.Panel value="used" className={styles.panel}>
                <ul>
                  {uses.map((each) => (
                    <li key={each}>{each}</li>
                  ))}
                  {uses.length === 0 && <li className="quiet">{t('Nothing puts it in yet. A template does by {{tag}}.', { tag: `{% block "${id}" %}` })}</li>}
                </ul>
              </Tabs.Panel>
            )}
          </Tabs>
        </div>
        <PreviewPane medium="email" content={asMail(definition)} language="" reader={reader} />
      </div>
    </>
  )
}

/** A mail that is this block and nothing else: so it is looked at. */
function asMail(definition: Properties): Properties {
  const { html, text, mjml } = definition
  // Not the block's name: a subject is a template, and {{…}} in a name is none.
  const subject = t('Block')
  if (html) return { subject, html }
  if (text) return { subject, text }
  return { subject, text: mjml ? t('It is MJML only: it shows in a template that puts it in.') : t('Nothing is said yet.') }
}

/** Those who do not hold up with what was saved last, as it was saved all the same. */
function Broken({ id }: { id: string }) {
  const { data } = useQuery<Shape<'SavedNow'>['warnings']>({ queryKey: ['block-warnings', id], queryFn: () => [], enabled: false, initialData: [] })
  if (data.length === 0) return null
  return (
    <div className={styles.bad} role="alert">
      <p>{counted(data.length, '{{count}} other does not hold up with it now, and is not sent until it is changed:', '{{count}} others do not hold up with it now, and are not sent until they are changed:')}</p>
      <ul>
        {data.map((each, i) => (
          <li key={i}>
            {each.who}: {each.path}: {each.message}
          </li>
        ))}
      </ul>
    </div>
  )
}
