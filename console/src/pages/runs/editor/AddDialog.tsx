import { Button, TextInput } from '@mantine/core'
import { ClipboardPaste } from 'lucide-react'
import { useState } from 'react'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { exitWords } from '../graph'
import { leadsTo, type Place } from './draft'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { EntryIcon } from './Palette'
import type { Entry } from './palette'
import { useEntries } from './useEntries'

/** What is to be put into a place; the first that fits is put in by Enter. */
export function AddDialog({ place, close }: { place: Place; close: () => void }) {
  const editing = useEditing()!
  const [text, setText] = useState('')
  const wanted = text.trim().toLowerCase()
  const found = Object.values(useEntries(editing.kinds)).flat().filter(({ label, help }) => !wanted || `${label} ${help}`.toLowerCase().includes(wanted))
  const to = leadsTo(editing.definition, place)
  const add = (entry: Entry | undefined) => {
    if (!entry) return
    editing.add(entry, place)
    close()
  }
  return (
    <Dialog onClose={close} title={t('Add a step')} size={520}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault()
          add(found[0])
        }}
      >
        <p className="quiet">
          {to
            ? t('Between {{from}} and {{to}}.', { from: editing.titleOf(place.from), to: editing.titleOf(to) })
            : t('After {{from}}, {{exits}}.', { from: editing.titleOf(place.from), exits: place.exits.map(exitWords).join(', ') })}
        </p>
        <TextInput aria-label={t('Look for a step')} placeholder={t('Look for a step')} data-autofocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <ul className={styles.choices}>
          {found.map((entry) => (
            <li key={entry.key}>
              <button type="button" className={styles.choice} onClick={() => add(entry)}>
                <EntryIcon entry={entry} />
                <span>
                  <b>{entry.label}</b>
                  <span className="quiet">{entry.help}</span>
                </span>
              </button>
            </li>
          ))}
          {found.length === 0 && <li className="quiet">{t('No step is called so. Look for another word.')}</li>}
        </ul>
        <div className={styles.actions}>
          <Button
            leftSection={<ClipboardPaste size={14} />}
            onClick={() => {
              editing.paste(place)
              close()
            }}
          >
            {t('Paste steps here')}
          </Button>
          <Button onClick={close}>{t('Cancel')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
