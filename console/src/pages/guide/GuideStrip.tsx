import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay } from '~/api/may'
import { t } from '~/words/language'
import styles from './Guide.module.css'
import { doneIn, nextIn, STEPS, useDismissed, useProgress } from './progress'
import { STEP_WORDS } from './words'

/** How far a new workspace has come, for those who set it up; nothing once all is done, or whoever looks has had enough. */
export default function GuideStrip() {
  const may = useMay()
  const progress = useProgress()
  const [dismissed, dismiss] = useDismissed()
  const next = progress && nextIn(progress)
  if (dismissed || next === undefined || !may('decisions:write')) return null
  const done = doneIn(progress!)
  return (
    <section className={styles.strip} aria-label={t('Getting started')}>
      <div className={styles.track} role="progressbar" aria-valuenow={done} aria-valuemin={0} aria-valuemax={STEPS.length} aria-label={t('Steps done')}>
        {STEPS.map((step) => (
          <span key={step} data-done={progress![step] || undefined} />
        ))}
      </div>
      <p>
        <strong>{t('{{done}} of {{all}} steps done.', { done, all: STEPS.length })}</strong> {t('Next: {{step}}', { step: STEP_WORDS[next]() })}
      </p>
      <Link to="/start" className="link">
        {t('Go on')}
      </Link>
      <Button variant="subtle" onClick={() => dismiss(true)}>
        {t('Not now')}
      </Button>
    </section>
  )
}
