import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './PersonPage.module.css'

interface Props {
  counts: Record<string, number>
  chosen: string | null
  choose: (event: string | null) => void
}

/** How often they did what; pressing one shows only those in the timeline. */
export function CountsSection({ counts, chosen, choose }: Props) {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a)
  if (rows.length === 0) return null
  return (
    <section className={styles.section}>
      <h2>{t('What they did')}</h2>
      <ul className={styles.counts}>
        {rows.map(([name, times]) => (
          <li key={name}>
            <button type="button" className={styles.count} aria-pressed={chosen === name} onClick={() => choose(chosen === name ? null : name)}>
              <span className="cut">{name}</span>
              <span>{count(times)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
