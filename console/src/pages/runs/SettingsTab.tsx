import type { Json } from '~/api/types'
import { JsonText } from '~/parts/JsonText'
import { choiceName, fieldName } from '~/words/declared'
import { t } from '~/words/language'
import { duration } from '~/words/moments'
import { percent } from '~/words/numbers'
import { shown } from '~/words/people'
import type { Fields } from './graph'
import styles from './Inspector.module.css'

const HIDDEN = new Set(['exits', 'steps', 'type', 'id', 'start'])

/** A definition as facts; what is nested is shown as JSON. */
export function SettingsTab({ definition, whole }: { definition: Fields; whole: boolean }) {
  const facts = Object.entries(definition).filter(([name]) => !HIDDEN.has(name))
  const simple = facts.filter(([, value]) => typeof value !== 'object' || value === null)
  const nested = facts.filter(([, value]) => typeof value === 'object' && value !== null && JSON.stringify(value).length > 2)
  return (
    <>
      <section className={styles.section}>
        <dl className={styles.facts}>
          {simple.map(([name, value]) => (
            <div key={name}>
              <dt>{fieldName(name).replace(/ seconds$/, '')}</dt>
              <dd>{said(name, value, whole)}</dd>
            </div>
          ))}
          {facts.length === 0 && <p className="quiet">{t('Nothing to set here.')}</p>}
        </dl>
      </section>
      {nested.map(([name, value]) => (
        <section key={name} className={styles.section}>
          <h3>{fieldName(name)}</h3>
          <JsonText label={fieldName(name)} value={value} />
        </section>
      ))}
    </>
  )
}

function said(name: string, value: Json, whole: boolean): string {
  if (typeof value === 'number' && /seconds$/.test(name)) return duration(value)
  if (typeof value === 'number' && whole && name === 'holdout') return percent(value, 0)
  return name === 'again' && typeof value === 'string' ? choiceName(name, value) : shown(value)
}
