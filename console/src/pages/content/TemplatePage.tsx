import { Button, Tabs } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { media as mediaQuery, template as templateQuery } from '~/api/channels'
import { get, put, route } from '~/api/client'
import type { Medium, Properties, Saved, SavedHeading } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { Answered, Waiting } from '~/parts/States'
import { DraftFound, DraftNote } from '~/parts/teamwork/DraftNote'
import { MovedOnAsk, movedOn } from '~/parts/teamwork/MovedOnAsk'
import { MovedOnDialog } from '~/parts/teamwork/MovedOnDialog'
import { useDraft } from '~/parts/teamwork/useDraft'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { DeleteSaved } from './DeleteSaved'
import { NotSaved } from './NotSaved'
import { PartsEditor } from './PartsEditor'
import { PreviewPane, type Reader } from './PreviewPane'
import styles from './TemplatePage.module.css'
import { type Place, said, variantsOf } from './definition'
import { VersionsTab } from './VersionsTab'

const here = getRouteApi('/content/$id')
const PARENT = { to: '/content', label: t('Content') } as const

/** One template: what it says, and beside it how somebody reads it. */
export function TemplatePage() {
  const { id } = here.useParams()
  const { medium, name } = here.useSearch()
  const saved = useQuery({ ...templateQuery(id), enabled: !medium })
  const known = useQuery(mediaQuery)
  // Whoever it is looked at as stays when a version is saved, and the editor begins anew.
  const reader = useState<string | null>(null)
  const blank = medium ? { name: name ?? id, medium, language: 'en', content: {} } : null
  const opened = known.data && (blank ?? saved.data)
  return (
    <>
      {!opened && <TopBar title={blank?.name ?? id} parent={PARENT} />}
      <Answered query={known} what={t('The channels did not load')} waiting={<Waiting rows={10} />}>
        {(media) =>
          blank ? (
            <Editor key={`new ${id}`} id={id} start={blank} saved={null} media={media} reader={reader} />
          ) : (
            <Answered query={saved} what={t('This template did not load')} parent={PARENT} waiting={<Waiting rows={10} />}>
              {(found) => <Editor key={`${id} ${found.heading.version}`} id={id} start={found.definition} saved={found} media={media} reader={reader} />}
            </Answered>
          )
        }
      </Answered>
    </>
  )
}

interface EditorProps {
  id: string
  start: Properties
  saved: Saved | null
  media: Medium[]
  reader: Reader
}

interface Save {
  /** The version it was written upon. */
  on: number
  /** Though it asks for what nobody was seen to have. */
  all?: boolean
}

function Editor({ id, start, saved, media, reader }: EditorProps) {
  const client = useQueryClient()
  const navigate = here.useNavigate()
  const [definition, setDefinition] = useState(start)
  const [place, setPlace] = useState<Place>({ variant: variantsOf(start)[0] ?? '', language: '' })
  const version = saved?.heading.version ?? 0
  const draft = useDraft<Properties>('template', id, version)
  const change = (next: Properties) => {
    setDefinition(next)
    draft.write(next)
  }
  const channel = media.find(({ name }) => name === definition['medium'])
  const save = useMutation({
    mutationFn: ({ on, all = false }: Save) => put<SavedHeading>(route`/api/templates/${id}`, { definition, based_on: on, allow_unknown: all }),
    onSuccess: async () => {
      await draft.discard()
      await client.invalidateQueries({ queryKey: ['templates'] })
      await navigate({ search: {}, replace: true })
    },
  })
  const changed = saved === null || definition !== start
  const title = String(definition['name'] || id)
  return (
    <>
      <TopBar
        title={title}
        parent={PARENT}
        {...(saved ? { about: `template:${id}` } : {})}
        beside={
          <>
            <Chip>{channelName(String(definition['medium']))}</Chip>
            {saved && <Chip dot>v{saved.heading.version}</Chip>}
          </>
        }
      >
        <DraftNote draft={draft} />
        {saved && <DeleteSaved kind="template" saved={saved} />}
        <Button variant="filled" disabled={!changed} loading={save.isPending} onClick={() => save.mutate({ on: version })}>
          {t('Save v{{version}}', { version: version + 1 })}
        </Button>
      </TopBar>
      <DraftFound draft={draft} restore={setDefinition} />
      {movedOn(save.error) && !save.isPending && (
        <MovedOnAsk
          error={save.error}
          read={async () => (await get<Saved>(route`/api/templates/${id}`)).definition}
          mine={definition}
          takeTheirs={() => void draft.discard().then(() => client.invalidateQueries({ queryKey: ['templates'] }))}
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
        <div className={styles.work} tabIndex={0} role="region" aria-label={t('Template')}>
          {save.isError && !movedOn(save.error) && (
            <NotSaved error={save.error} saving={save.isPending} all={() => save.mutate({ on: version, all: true })} />
          )}
          <Tabs defaultValue="parts">
            <Tabs.List>
              <Tabs.Tab value="parts">{t('Message')}</Tabs.Tab>
              {saved && <Tabs.Tab value="versions">{t('Versions')} {saved.heading.version}</Tabs.Tab>}
              {saved && <Tabs.Tab value="used">{t('Used by')} {saved.used_by.length}</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="parts" className={styles.panel}>
              {channel && <PartsEditor medium={channel} definition={definition} change={change} place={place} go={setPlace} />}
            </Tabs.Panel>
            {saved && (
              <Tabs.Panel value="versions" className={styles.panel}>
                <VersionsTab kind="template" id={id} newest={saved.heading.version} />
              </Tabs.Panel>
            )}
            {saved && (
              <Tabs.Panel value="used" className={styles.panel}>
                <ul>
                  {saved.used_by.map((each) => (
                    <li key={each}>{each}</li>
                  ))}
                  {saved.used_by.length === 0 && <li className="quiet">{t('Nothing uses it yet. A send step names it by its id: {{id}}.', { id })}</li>}
                </ul>
              </Tabs.Panel>
            )}
          </Tabs>
        </div>
        <PreviewPane medium={String(definition['medium'])} content={said(definition, place)} language={place.language || String(definition['language'] ?? '')} reader={reader} />
      </div>
    </>
  )
}
