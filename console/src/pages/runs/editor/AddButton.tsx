import { Plus } from 'lucide-react'
import { type DragEvent, memo, useState } from 'react'
import { t } from '~/words/language'
import { type Adding, WAY_DRAGGED } from '../adding'
import { useEditingBox } from './editing'
import styles from './Editor.module.css'
import { DRAGGED, entryCalled } from './palette'

/**
 * Where a step can be put in: press it to choose one, or drop one on it. Dragged onto a step, it leads there instead.
 * There are many of it, so it is a plain button.
 */
export const AddButton = memo(function AddButton({ from, exits, words, wide }: Adding) {
  const editing = useEditingBox()
  const [over, setOver] = useState(false)
  const place = { from, exits: exits.split(' ') }
  const drop = (event: DragEvent) => {
    setOver(false)
    const entry = editing.current && entryCalled(editing.current.kinds, event.dataTransfer.getData(DRAGGED))
    if (!entry) return
    event.preventDefault()
    editing.current?.add(entry, place)
  }
  return (
    <button
      type="button"
      className={`${wide ? styles.addWide : styles.add} nodrag nopan`}
      title={`${words}. ${t('Drag it onto a step to lead there.')}`}
      aria-label={wide ? undefined : words}
      data-over={over || undefined}
      onClick={() => editing.current?.askFor(place)}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(WAY_DRAGGED, JSON.stringify(place))
        event.dataTransfer.effectAllowed = 'link'
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Plus size={13} aria-hidden="true" />
      {wide && <span>{t('Add a step')}</span>}
    </button>
  )
})
