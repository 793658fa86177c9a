import { CopyButton } from './CopyButton'
import styles from './Code.module.css'
import jsonStyles from './JsonText.module.css'

/** Code to read and to copy. */
export function Code({ label, text }: { label: string; text: string }) {
  return (
    <div className={styles.code}>
      <pre className={jsonStyles.json} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton text={() => text} />
    </div>
  )
}
