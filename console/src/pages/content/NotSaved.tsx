import { Button } from '@mantine/core'
import { Refusal } from '~/api/client'
import { t } from '~/words/language'
import styles from './TemplatePage.module.css'

/** What may be meant all the same: whoever is sure can say so. */
const MAY_BE_MEANT = new Set(['unknown_trait', 'unknown_property', 'breaks_others'])

/** Why it was not saved; and where it may be meant, a way to save it all the same. */
export function NotSaved({ error, saving, all }: { error: Error; saving: boolean; all: () => void }) {
  const refusal = error instanceof Refusal ? error : null
  const meant = refusal !== null && MAY_BE_MEANT.has(refusal.code)
  return (
    <div className={styles.bad} role="alert">
      <p>
        {t('Not saved.')} {refusal?.path ? `${refusal.path}: ` : ''}
        {error.message} {!meant && refusal?.hint}
      </p>
      {meant && (
        <>
          <p>{refusal.code === 'breaks_others' ? t('Change them first; or save it, and what does not hold up is not sent until it is changed.') : t('It is empty for whoever does not have it. Give it a default, or save it if it is still to come.')}</p>
          <Button size="compact-xs" loading={saving} onClick={all}>
            {t('Save all the same')}
          </Button>
        </>
      )}
    </div>
  )
}
