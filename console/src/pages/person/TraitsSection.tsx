import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Person } from '~/api/types'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { readable, shown } from '~/words/people'
import styles from './PersonPage.module.css'

const FEW = 9

export function TraitsSection({ person }: { person: Person }) {
  const [all, setAll] = useState(false)
  const traits = Object.entries(person.traits).sort(([a], [b]) => a.localeCompare(b))
  const events = Object.values(person.event_counts).reduce((total, times) => total + times, 0)
  return (
    <section className={styles.section} aria-label={t('Facts and traits')}>
      <dl className={styles.facts}>
        <div>
          <dt>{t('Last seen')}</dt>
          <dd>
            <Ago at={person.last_seen} />
          </dd>
        </div>
        <div>
          <dt>{t('Events')}</dt>
          <dd>{count(events)}</dd>
        </div>
        {(all ? traits : traits.slice(0, FEW)).map(([name, value]) => (
          <div key={name}>
            <dt title={name} className="cut">
              {readable(name)}
            </dt>
            <dd>{shown(value)}</dd>
          </div>
        ))}
      </dl>
      {traits.length > FEW && (
        <Button variant="subtle" className={styles.more} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t('Show fewer traits') : t('Show all {{number}} traits', { number: traits.length })}
        </Button>
      )}
    </section>
  )
}
