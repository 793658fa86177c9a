import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Braces, Copy, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { SavedSegment } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { PausedStrip } from '~/parts/Live'
import { plural } from '~/words/numbers'
import { builderOf, BuilderContext } from './builderContext'
import { Emphasised } from './Emphasised'
import { DeleteDialog } from './DeleteDialog'
import { GroupBlock } from './GroupBlock'
import { JsonDialog } from './JsonDialog'
import { encode, type Group, unfinished } from './model'
import { SaveDialog } from './SaveDialog'
import styles from './SegmentBuilder.module.css'
import { TotalPanel } from './TotalPanel'
import { useCount } from './useCount'

const PARENT = { to: '/segments', label: 'Segments' } as const

/** People keep acting while a segment lies open; the total follows them. */
const RECOUNT_MS = 10_000

export function SegmentBuilder({ saved, start }: { saved: SavedSegment | null; start: () => Group }) {
  const [root, setRoot] = useState(start)
  const [dialog, setDialog] = useState<'save' | 'json' | 'delete' | null>(null)
  const builder = useMemo(() => builderOf(setRoot), [])
  const definition = encode(root)
  const total = useCount(definition, RECOUNT_MS)
  const small = useMediaQuery('(max-width: 700px)') ?? false
  const changed = useMemo(() => saved !== null && JSON.stringify(encode(start())) !== JSON.stringify(definition), [saved, start, definition])
  const loose = unfinished(root)
  const close = () => setDialog(null)
  return (
    <>
      <TopBar title={saved?.name ?? 'New segment'} parent={PARENT} beside={<Badges saved={saved} changed={changed} />}>
        {saved && (
          <Tooltip label="Delete this segment">
            <ActionIcon aria-label="Delete this segment" onClick={() => setDialog('delete')}>
              <Trash2 size={15} />
            </ActionIcon>
          </Tooltip>
        )}
        <Tooltip label="Copy as JSON">
          <ActionIcon aria-label="Copy as JSON" onClick={() => void navigator.clipboard.writeText(JSON.stringify(definition, null, 2))}>
            <Copy size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="View or paste JSON">
          <ActionIcon aria-label="View or paste JSON" onClick={() => setDialog('json')}>
            <Braces size={15} />
          </ActionIcon>
        </Tooltip>
        <Button variant="filled" disabled={small} onClick={() => setDialog('save')}>
          Save segment
        </Button>
      </TopBar>
      <div className={styles.panes}>
        <div className={styles.work}>
          <PausedStrip />
          {small && <p className={styles.note}>Building needs a wider window. Here you can read the segment and its count.</p>}
          <BuilderContext value={builder}>
            <fieldset className={styles.block} disabled={small}>
              <GroupBlock group={root} level={0} />
            </fieldset>
          </BuilderContext>
          {loose > 0 && <p className={styles.note}>{plural(loose, 'rule')} not finished, and not counted yet.</p>}
          <section aria-labelledby="words">
            <h2 id="words">In plain words</h2>
            <p className={styles.words}>{total.data && <Emphasised text={total.data.words} />}</p>
          </section>
        </div>
        <TotalPanel definition={definition} total={total} saved={saved} />
      </div>
      {dialog === 'json' && <JsonDialog definition={definition} apply={setRoot} close={close} />}
      {dialog === 'save' && <SaveDialog saved={saved} definition={definition} close={close} />}
      {dialog === 'delete' && saved && <DeleteDialog saved={saved} count={total.data?.count ?? null} close={close} />}
    </>
  )
}

function Badges({ saved, changed }: { saved: SavedSegment | null; changed: boolean }) {
  if (saved === null) return <Chip>Draft</Chip>
  return (
    <>
      {saved.live && (
        <Chip tone="good" dot>
          Live
        </Chip>
      )}
      {changed && <Chip tone="accent">Changed</Chip>}
    </>
  )
}
