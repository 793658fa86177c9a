import { Link } from '@tanstack/react-router'
import type { Shape } from '~/api/shape'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import styles from './PersonPage.module.css'

/** What they got of each experiment, since when. */
export function ExperimentsSection({ variants }: { variants: Shape<'AssignedShape'>[] }) {
  if (variants.length === 0) return null
  return (
    <section className={styles.section}>
      <h2>{t('Experiments')}</h2>
      <ul className={styles.segments}>
        {variants.map(({ experiment, variant, at }) => (
          <li key={experiment} className={styles.segment}>
            <Link to="/experiments/$id" params={{ id: experiment }} className="link cut">
              <bdi>{experiment}</bdi>
            </Link>
            <Chip>{variant.slice(0, 60)}</Chip>
            <span className="faint">
              <Ago at={at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
