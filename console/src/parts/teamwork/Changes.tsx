import type { Change } from '~/api/teamwork'
import { t } from '~/words/language'
import { NONE } from '~/words/numbers'
import styles from './Teamwork.module.css'

const said = (value: unknown): string => (value === null || value === undefined ? NONE : typeof value === 'string' ? value : JSON.stringify(value))

/** Place by place, what was and what is. Only ever text. */
export function Changes({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <p className="faint">{t('No difference was noted.')}</p>
  return (
    <div className={styles.changes} tabIndex={0} role="region" aria-label={t('What differs')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Place')}</th>
            <th scope="col">{t('Before')}</th>
            <th scope="col">{t('After')}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change, i) => (
            <tr key={i}>
              <td>
                <code>{change.path.replace(/^\$\.?/, '') || t('everything')}</code>
              </td>
              <td className={styles.before}>{said(change.before)}</td>
              <td className={styles.after}>{said(change.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
