import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { freeId } from '../runs/editor/draft'
import styles from '../runs/editor/Editor.module.css'
import { slug } from '../segments/slug'
import type { NewDialogProps } from '../runs/newDialog'
import { starterCalled, STARTERS } from './starters'

/** What a new campaign is called, and what it begins with. Nothing is published by it. */
export function NewCampaignDialog({ taken, begin, close }: NewDialogProps) {
  const navigate = useNavigate()
  const [starter, setStarter] = useState(starterCalled(begin?.from ?? '').key)
  const [name, setName] = useState(begin?.name ?? '')
  const [unnamed] = useState(() => `campaign-${Date.now().toString(36)}`)
  // "new" stands for what has no id yet elsewhere in the console.
  const id = name.trim() ? freeId(['new', ...taken], slug(name, unnamed)) : ''
  return (
    <Dialog onClose={close} title={t('New campaign')} size={620}>
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault()
          if (id) void navigate({ to: '/campaigns/$id', params: { id }, search: { from: starter, name: name.trim() } })
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
          onChange={(event) => setName(event.currentTarget.value)}
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
