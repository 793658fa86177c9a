import { initials } from '~/words/people'
import styles from './PersonMark.module.css'

/** The round mark with a person's letters; decoration beside their name. */
export function PersonMark({ name, size = 24 }: { name: string; size?: number }) {
  return (
    <span className={styles.mark} data-large={size > 30 || undefined} style={{ inlineSize: size, blockSize: size }} aria-hidden="true">
      {initials(name)}
    </span>
  )
}
