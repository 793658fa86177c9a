/** What is shared by the list of adaptive steps and the page of one. */
import type { ChipTone } from '~/parts/Chip'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import { roleOf } from './pictures'

export function modeWords(mode: string): [ChipTone, string] {
  switch (mode) {
    case 'frozen':
      return ['warn', t('Frozen')]
    case 'declared':
      return ['accent', t('Winner declared')]
    case 'manual':
      return ['warn', t('By hand')]
    default:
      return ['good', t('Learning')]
  }
}

/** How people are divided, as one bar; in words for those who do not see it. */
export function PathColours({ paths, shares }: { paths: readonly string[]; shares: Record<string, number> }) {
  const said = paths.map((path) => `${path} ${percent(shares[path] ?? 0, 0)}`).join(', ')
  return (
    <div className={styles.bar} role="img" aria-label={said} title={said}>
      {paths.map((path, i) => (
        <span key={path} style={{ inlineSize: `${(shares[path] ?? 0) * 100}%`, background: `var(--${roleOf(i)})` }} />
      ))}
    </div>
  )
}
