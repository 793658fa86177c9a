import { Tooltip } from '@mantine/core'
import { memo } from 'react'
import { MediumIcon } from '~/parts/MediumIcon'
import { t } from '~/words/language'
import { stepIcon } from '../looks'
import { useEditingBox } from './editing'
import styles from './Editor.module.css'
import type { Kinds } from './kinds'
import { DRAGGED, type Entry } from './palette'
import { useEntries } from './useEntries'

/** Everything that can be put in: pressed, it comes after the chosen step; it can also be dragged onto a plus. */
export const Palette = memo(function Palette({ kinds }: { kinds: Kinds }) {
  const entries = useEntries(kinds)
  return (
    <nav className={styles.palette} aria-label={t('Steps to add')} tabIndex={0}>
      <Family title={t('Messages')} entries={entries.message} />
      <Family title={t('Logic')} entries={entries.logic} />
      <Family title={t('Ends')} entries={entries.end} />
    </nav>
  )
})

function Family({ title, entries }: { title: string; entries: Entry[] }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {entries.map((entry) => (
          <li key={entry.key}>
            <PaletteButton entry={entry} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function PaletteButton({ entry }: { entry: Entry }) {
  const editing = useEditingBox()
  return (
    <Tooltip label={entry.help} multiline w={240} position="right" openDelay={600}>
      <button
        type="button"
        className={styles.entry}
        draggable
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAGGED, entry.key)
          event.dataTransfer.effectAllowed = 'copy'
        }}
        onClick={() => editing.current?.add(entry)}
      >
        <EntryIcon entry={entry} />
        {entry.label}
      </button>
    </Tooltip>
  )
}

export function EntryIcon({ entry }: { entry: Entry }) {
  if (entry.channel) return <MediumIcon medium={entry.channel} />
  const Icon = stepIcon(entry.kind.name)
  return <Icon size={15} aria-hidden="true" />
}
