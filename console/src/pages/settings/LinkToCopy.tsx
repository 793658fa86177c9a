import { Button } from '@mantine/core'
import type { Shape } from '~/api/shape'
import { CopyButton } from '~/parts/CopyButton'
import { t } from '~/words/language'
import styles from './Settings.module.css'

/** A link that works once, shown this once. */
export function LinkToCopy({ made, what, until, close }: { made: Shape<'LinkTo'>; what: string; until: string; close: () => void }) {
  return (
    <div className={styles.form}>
      <p>{what}</p>
      <p className="quiet">{made.mailed ? t('The link was mailed to them. It is shown here once, should the mail not come.') : t('Hand them this link: it is shown this once, and nothing was mailed.')} {until}</p>
      <div className={styles.once} role="status">
        <code>{made.link}</code>
        <span>
          <CopyButton text={() => made.link} label={t('Copy link')} />
        </span>
      </div>
      <div className={styles.actions}>
        <Button variant="filled" onClick={close}>
          {t('Done')}
        </Button>
      </div>
    </div>
  )
}
