import type { Json } from '~/api/types'
import styles from './JsonText.module.css'

/** JSON to read. It is text in the page, never markup, whatever it holds. */
export function JsonText({ value, label }: { value: Json; label: string }) {
  return (
    <pre className={styles.json} tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  )
}
