import type { RunStep } from '~/api/types'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { exitWords } from './graph'
import styles from './Inspector.module.css'

/** How many came to this step, wait in it, and left it by each exit. */
export function StepNumbers({ step }: { step: RunStep }) {
  const exits = Object.entries(step.exits)
  return (
    <>
      <section className={styles.section}>
        <dl className={styles.facts}>
          <div>
            <dt>{t('Entered')}</dt>
            <dd>{count(step.entered)}</dd>
          </div>
          <div>
            <dt>{t('Waiting here')}</dt>
            <dd>{count(step.waiting)}</dd>
          </div>
        </dl>
      </section>
      {exits.length > 0 && (
        <section className={styles.section}>
          <h3>{t('How they left')}</h3>
          {exits.map(([exit, times]) => (
            <div key={exit} className={`${styles.arm} ${styles.exit}`}>
              <span>{exitWords(exit)}</span>
              <div className={styles.track} aria-hidden="true">
                <div style={{ inlineSize: `${step.entered > 0 ? Math.min(1, times / step.entered) * 100 : 0}%` }} />
              </div>
              <span>
                {count(times)} <span className="quiet">{percent(step.entered > 0 ? times / step.entered : null, 0)}</span>
              </span>
            </div>
          ))}
        </section>
      )}
    </>
  )
}
