import { ActionIcon, Button, Tabs, Tooltip } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { Braces, Copy, Redo2, Trash2, Undo2 } from 'lucide-react'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useMay } from '~/api/may'
import type { Json, SavedSegment } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { PausedStrip } from '~/parts/Live'
import { DraftFound, DraftNote } from '~/parts/teamwork/DraftNote'
import { MovedOnDialog } from '~/parts/teamwork/MovedOnDialog'
import { useDraft } from '~/parts/teamwork/useDraft'
import { useNarrow } from '~/parts/useNarrow'
import { counted, t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import { builderOf, BuilderContext } from './builderContext'
import { decode } from './decode'
import { DeleteDialog } from './DeleteDialog'
import { Emphasised } from './Emphasised'
import { ExplainTab } from './ExplainTab'
import { GroupBlock } from './GroupBlock'
import { GroupWords } from './GroupWords'
import { JsonDialog } from './JsonDialog'
import { encode, type Group, unfinished } from './model'
import { OverlapTab } from './OverlapTab'
import { OverTimeTab } from './OverTimeTab'
import { SaveDialog } from './SaveDialog'
import styles from './SegmentBuilder.module.css'
import { TotalPanel } from './TotalPanel'
import { useCount } from './useCount'
import { useUndoable } from './useUndoable'
import { VersionsTab } from './VersionsTab'

const here = getRouteApi('/segments/$id')
const PARENT = { to: '/segments', label: t('Segments') } as const

/** People keep acting while a segment lies open; the total follows them. */
const RECOUNT_MS = 10_000

export function SegmentBuilder({ saved, start }: { saved: SavedSegment | null; start: () => Group }) {
  const { now: root, set: setRoot, undo, redo } = useUndoable(start)
  const [dialog, setDialog] = useState<'save' | 'json' | 'delete' | null>(null)
  // What is saved may be read anew while it lies open; what was built here was built on this.
  const [based, setBased] = useState(saved?.version ?? 0)
  const may = useMay()
  const builder = useMemo(() => builderOf(setRoot), [setRoot])
  const definition = encode(root)
  const total = useCount(definition, RECOUNT_MS)
  const small = useNarrow()
  const changed = useMemo(() => saved !== null && JSON.stringify(encode(decode(saved.definition))) !== JSON.stringify(definition), [saved, definition])
  const draft = useDraft<{ definition: Json }>('segment', saved?.id ?? null, based)
  const keep = draft.write
  const writes = may('analyses:write')
  const written = JSON.stringify(definition)
  useEffect(() => {
    if (changed && writes) keep({ definition: JSON.parse(written) as Json })
  }, [changed, writes, written, keep])
  // Undone to what is saved, or saved: then there is nothing left to keep.
  const kept = !changed && draft.savedAt !== null && draft.status === 'saved'
  const { discard } = draft
  useEffect(() => {
    if (kept) void discard()
  }, [kept, discard])
  const loose = unfinished(root)
  const close = () => setDialog(null)
  return (
    <>
      <TopBar title={saved?.name ?? t('New segment')} parent={PARENT} {...(saved ? { about: `segment:${saved.id}` } : {})} beside={<Badges saved={saved} changed={changed} />}>
        <DraftNote draft={draft} />
        {!small && (
          <>
            <Act label={t('Undo')} act={undo}>
              <Undo2 size={15} />
            </Act>
            <Act label={t('Redo')} act={redo}>
              <Redo2 size={15} />
            </Act>
          </>
        )}
        {saved && may('analyses:write') && (
          <Act label={t('Delete this segment')} act={() => setDialog('delete')}>
            <Trash2 size={15} />
          </Act>
        )}
        <Act label={t('Copy as JSON')} act={() => void navigator.clipboard.writeText(JSON.stringify(definition, null, 2))}>
          <Copy size={15} />
        </Act>
        <Act label={t('View or paste JSON')} act={() => setDialog('json')}>
          <Braces size={15} />
        </Act>
        {may('analyses:write') && !small && (
          <Button variant="filled" onClick={() => setDialog('save')}>
            {t('Save segment')}
          </Button>
        )}
      </TopBar>
      <DraftFound draft={draft} restore={(found) => setRoot(decode(found.definition))} />
      <div className={styles.panes}>
        <div className={styles.work}>
          <PausedStrip />
          {small && <p className={styles.note}>{t('Building needs a wider window. Here you can read the segment and its count.')}</p>}
          {!writes && !small && <p className={styles.note}>{t('You can build and count here, but not save. An owner or admin can allow it in Settings → Accounts.')}</p>}
          <div className={styles.block}>
            {small ? (
              <GroupWords group={root} level={0} />
            ) : (
              <BuilderContext value={builder}>
                <GroupBlock group={root} level={0} />
              </BuilderContext>
            )}
          </div>
          {loose > 0 && (
            <p className={styles.note}>{counted(loose, '{{count}} rule is not finished, and not counted yet.', '{{count}} rules are not finished, and not counted yet.')}</p>
          )}
          {!small && (
            <section aria-labelledby="words">
              <h2 id="words">{t('In plain words')}</h2>
              <p className={styles.words}>{total.data && <Emphasised text={toldGroup(total.data.words)} />}</p>
            </section>
          )}
          <More saved={saved} definition={definition} restored={(version) => setRoot(decode(version))} />
        </div>
        <TotalPanel definition={definition} total={total} saved={saved} />
      </div>
      {dialog === 'json' && <JsonDialog definition={definition} apply={setRoot} close={close} />}
      {draft.conflict && (
        <MovedOnDialog
          by={draft.conflict.by}
          mine={definition}
          theirs={draft.conflict.theirs.definition}
          takeTheirs={() => {
            const theirs = draft.takeTheirs()
            if (theirs) setRoot(decode(theirs.definition))
          }}
          keepMine={draft.keepMine}
          close={draft.decideLater}
        />
      )}
      {dialog === 'save' && (
        <SaveDialog
          saved={saved}
          based={based}
          definition={definition}
          done={(version) => {
            setBased(version)
            void draft.discard()
          }}
          takeTheirs={(theirs, version) => {
            setRoot(decode(theirs))
            setBased(version)
          }}
          close={close}
        />
      )}
      {dialog === 'delete' && saved && <DeleteDialog saved={saved} count={total.data?.count ?? null} close={close} />}
    </>
  )
}

function Act({ label, act, children }: { label: string; act: (() => void) | null; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={act === null} onClick={() => act?.()}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

/** What else can be asked of the people the rules hold for. Each is asked when it is opened. */
function More({ saved, definition, restored }: { saved: SavedSegment | null; definition: Json | null; restored: (version: Json) => void }) {
  const { tab = null } = here.useSearch()
  const navigate = here.useNavigate()
  return (
    <Tabs value={tab} keepMounted={false} onChange={(next) => void navigate({ search: { tab: next ?? undefined }, replace: true })}>
      <Tabs.List>
        <Tabs.Tab value="explain">{t('Why is somebody in it')}</Tabs.Tab>
        <Tabs.Tab value="time">{t('Over time')}</Tabs.Tab>
        <Tabs.Tab value="overlap">{t('Overlap')}</Tabs.Tab>
        {saved && <Tabs.Tab value="versions">{t('Versions and use')}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="explain">
        <ExplainTab definition={definition} />
      </Tabs.Panel>
      <Tabs.Panel value="time">
        <OverTimeTab definition={definition} />
      </Tabs.Panel>
      <Tabs.Panel value="overlap">
        <OverlapTab definition={definition} own={saved?.id ?? null} />
      </Tabs.Panel>
      {saved && (
        <Tabs.Panel value="versions">
          <VersionsTab saved={saved} onRestored={restored} />
        </Tabs.Panel>
      )}
    </Tabs>
  )
}

function Badges({ saved, changed }: { saved: SavedSegment | null; changed: boolean }) {
  if (saved === null) return <Chip>{t('Draft')}</Chip>
  return (
    <>
      {saved.live && (
        <Chip tone="good" dot>
          {t('Live')}
        </Chip>
      )}
      {changed && <Chip tone="accent">{t('Changed')}</Chip>}
    </>
  )
}
