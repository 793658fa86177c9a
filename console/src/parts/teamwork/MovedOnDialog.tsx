import { Button } from '@mantine/core'
import type { Change } from '~/api/teamwork'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { Changes } from './Changes'
import { differences } from './differences'
import styles from './Teamwork.module.css'

interface Props {
  /** Who was first. */
  by: string
  mine: unknown
  theirs: unknown
  /** Go on from theirs: what is here is let go. */
  takeTheirs: () => void
  /** Save mine on top of theirs. */
  keepMine: () => void
  close: () => void
}

/** Two people have written the same thing: what differs, and which of the two is to stay. Nobody's is lost unseen. */
export function MovedOnDialog({ by, mine, theirs, takeTheirs, keepMine, close }: Props) {
  const found: Change[] = differences(theirs, mine)
  return (
    <Dialog onClose={close} title={t('{{who}} has changed this too', { who: by || t('Somebody') })} size="lg">
      <div className={styles.form}>
        <p>{t('Nothing of yours was saved yet. Before is what they wrote, after is what stands here.')}</p>
        <Changes changes={found} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Decide later')}</Button>
          <Button onClick={takeTheirs}>{t('Take theirs, let go of mine')}</Button>
          <Button variant="filled" onClick={keepMine}>
            {t('Keep mine on top of theirs')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
