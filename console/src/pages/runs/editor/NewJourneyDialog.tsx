import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import type { NewDialogProps } from '../newDialog'
import { freeId } from './draft'
import styles from './Editor.module.css'
import { starterCalled, STARTERS } from './starters'

/** What a new journey is called, and what it begins with. Nothing is published by it. */
export function NewJourneyDialog({ taken, begin, close }: NewDialogProps) {
  const navigate = useNavigate()
  const [starter, setStarter] = useState(starterCalled(begin?.from).key)
  const [typed, setTyped] = useState<string | null>(begin?.name ?? null)
  const [unnamed] = useState(() => `journey-${Date.now().toString(36)}`)
  const name = typed ?? (starter === 'empty' ? '' : starterCalled(starter).name())
  // "new" stands for what has no id yet elsewhere in the console.
  const id = name.trim() ? freeId(['new', ...taken], slug(name, unnamed)) : ''
  return (
    <Dialog onClose={close} title={t('New journey')} size={620}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault()
          if (id) void navigate({ to: '/journeys/$id', params: { id }, search: { from: starter, name: name.trim() } })
        }}
      >
        <div className={styles.starters} role="group" aria-label={t('What it begins with')}>
          {STARTERS.map((each) => (
            <button key={each.key} type="button" className={styles.starter} aria-pressed={starter === each.key} onClick={() => setStarter(each.key)}>
              <b>{each.name()}</b>
              <span>{each.what()}</span>
            </button>
          ))}
        </div>
        <TextInput
          label={t('Name')}
          data-autofocus
          maxLength={200}
          value={name}
          onChange={(event) => setTyped(event.currentTarget.value)}
          description={id ? t('Known to the API as {{id}}', { id }) : t('A few words people will recognise')}
        />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!id}>
            {t('Begin')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
