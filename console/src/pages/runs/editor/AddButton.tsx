import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { Plus } from 'lucide-react'
import { type DragEvent, useState } from 'react'
import { t } from '~/words/language'
import { exitWords } from '../graph'
import { leadsTo, type Place } from './draft'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { DRAGGED, entryCalled } from './palette'

/** Where a step can be put in: press it to choose one, or drop one on it. */
export function AddButton({ place, wide = false }: { place: Place; wide?: boolean }) {
  const editing = useEditing()
  const [over, setOver] = useState(false)
  if (!editing) return null
  const to = leadsTo(editing.definition, place)
  const from = editing.titleOf(place.from)
  const words = to
    ? t('Add a step between {{from}} and {{to}}', { from, to: editing.titleOf(to) })
    : t('Add a step after {{from}}, {{exits}}', { from, exits: place.exits.map(exitWords).join(', ') })
  const drops = {
    'data-over': over || undefined,
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
      setOver(true)
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      setOver(false)
      const entry = entryCalled(editing.kinds, event.dataTransfer.getData(DRAGGED))
      if (!entry) return
      event.preventDefault()
      editing.add(entry, place)
    },
  }
  if (wide) {
    return (
      <Button className={`${styles.addWide} nodrag nopan`} leftSection={<Plus size={14} />} title={words} onClick={() => editing.askFor(place)} {...drops}>
        {t('Add a step')}
      </Button>
    )
  }
  return (
    <Tooltip label={words}>
      <ActionIcon className={`${styles.add} nodrag nopan`} variant="default" radius="xl" size={24} aria-label={words} onClick={() => editing.askFor(place)} {...drops}>
        <Plus size={13} />
      </ActionIcon>
    </Tooltip>
  )
}
