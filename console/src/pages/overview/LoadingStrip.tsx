import type { Loading } from '~/api/types'
import { t } from '~/words/language'
import styles from './Strips.module.css'

export function LoadingStrip({ loading }: { loading: Loading }) {
  const share = loading.total > 0 ? loading.done / loading.total : 0
  return (
    <div className={styles.loading}>
      <div className={styles.words}>
        <strong>{loading.label}</strong>
        {loading.total > 0 && (
          <span>
            {t('{{done}} of {{total}}', { done: loading.done, total: loading.total })}
          </span>
        )}
      </div>
      <progress value={loading.total > 0 ? loading.done : undefined} max={loading.total || 1} className="unseen" aria-label={loading.label} />
      <div className={styles.track} aria-hidden="true">
        <div style={{ inlineSize: `${Math.min(1, share) * 100}%` }} />
      </div>
    </div>
  )
}
