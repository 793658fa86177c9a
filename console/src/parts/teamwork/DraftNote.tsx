import { Button } from '@mantine/core'
import { t } from '~/words/language'
import { clock } from '~/words/moments'
import type { DraftState } from './useDraft'
import styles from './Teamwork.module.css'

/** How a draft stands, in a few words: "Draft kept 12:03". */
export function DraftNote<T>({ draft }: { draft: DraftState<T> }) {
  const words: Record<DraftState<T>['status'], string> = {
    none: '',
    pending: t('Not kept yet'),
    saving: t('Keeping the draft'),
    saved: draft.savedAt ? t('Draft kept {{time}}', { time: clock(draft.savedAt) }) : t('Draft kept'),
    offline: t('No connection: the draft waits here'),
    moved_on: t('Somebody else has written here too'),
    refused: t('The draft cannot be kept'),
  }
  return (
    <span className="faint" role="status">
      {words[draft.status]}
    </span>
  )
}

/** That there is a draft from before: go on with it, or throw it away. */
export function DraftFound<T>({ draft, restore }: { draft: DraftState<T>; restore: (definition: T) => void }) {
  const found = draft.found
  if (!found) return null
  return (
    <section className={styles.strip} aria-label={t('A draft')}>
      <p>{t('{{who}} wrote a draft at {{time}} that is not saved.', { who: found.by_name || found.by || t('Somebody'), time: clock(found.updated_at) })}</p>
      <Button onClick={() => void draft.discard()}>{t('Throw it away')}</Button>
      <Button
        variant="filled"
        onClick={() => {
          const definition = draft.restore()
          if (definition) restore(definition)
        }}
      >
        {t('Go on with it')}
      </Button>
    </section>
  )
}
