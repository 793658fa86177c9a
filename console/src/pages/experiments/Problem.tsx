import { AwaitsApproval, Refusal } from '~/api/client'
import styles from './Experiments.module.css'

/** Why something was not done; what waits for a second person is no failure, and is not told as one. */
export function Problem({ what, error }: { what: string; error: Error | null }) {
  if (!error) return null
  const hint = error instanceof Refusal ? (error.hint ?? '') : ''
  if (error instanceof AwaitsApproval) {
    return (
      <p className={styles.warning} role="status">
        {error.message} {hint}
      </p>
    )
  }
  return (
    <p className={styles.problem} role="alert">
      {what} {error.message} {hint}
    </p>
  )
}
