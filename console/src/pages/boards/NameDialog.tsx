import { Button, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { BoardSaid } from '~/api/boards'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import styles from './Boards.module.css'

export function NameDialog({ said, set, close }: { said: BoardSaid; set: (part: Partial<BoardSaid>) => void; close: () => void }) {
  const [name, setName] = useState(said.name)
  const [description, setDescription] = useState(said.description)
  return (
    <Dialog onClose={close} title={t('Name and description')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (!name.trim()) return
          set({ name: name.trim(), description: description.trim() })
          close()
        }}
      >
        <TextInput label={t('Name')} data-autofocus maxLength={200} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} />
        <Textarea label={t('Description')} autosize minRows={2} maxRows={8} maxLength={2000} value={description} onChange={({ currentTarget }) => setDescription(currentTarget.value)} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!name.trim()}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
