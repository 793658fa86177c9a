import type { Sends, SendState } from '~/api/types'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './Inspector.module.css'

const WORDS: [SendState, string][] = [
  ['sent', 'Sent'],
  ['withheld', 'Withheld, holdout included'],
  ['pending', 'Waiting to go'],
  ['claimed', 'Being handed over'],
  ['failed', 'Failed'],
  ['in_doubt', 'In doubt'],
]

export function SendsPanel({ sends }: { sends: Sends }) {
  return (
    <section className={styles.section}>
      <h3>{t('Messages')}</h3>
      <dl className={styles.facts}>
        {WORDS.filter(([key]) => key === 'sent' || key === 'withheld' || (sends[key] ?? 0) > 0).map(([key, label]) => (
          <div key={key}>
            <dt>{label}</dt>
            <dd>{count(sends[key] ?? 0)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
