import type { Sends, SendState } from '~/api/types'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './Inspector.module.css'

const WORDS: [SendState, string][] = [
  ['sent', t('Sent')],
  ['withheld', t('Withheld, holdout included')],
  ['pending', t('Waiting to go')],
  ['claimed', t('Being handed over')],
  ['failed', t('Failed')],
  ['in_doubt', t('In doubt')],
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
