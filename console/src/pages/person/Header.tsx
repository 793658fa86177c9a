import type { Person } from '~/api/types'
import { PersonMark } from '~/parts/PersonMark'
import { t } from '~/words/language'
import { full, month } from '~/words/moments'
import { personName, place, shown } from '~/words/people'
import styles from './PersonPage.module.css'

export function Header({ person }: { person: Person }) {
  const name = personName(person)
  const email = person.traits['email']
  const since = person.first_seen && <span title={full(person.first_seen)}>{t('since {{month}}', { month: month(person.first_seen) })}</span>
  const where = place(person.traits)
  return (
    <div className={styles.head}>
      <PersonMark name={name} size={44} />
      <div className="cut">
        <p className={`${styles.name} cut`}>
          <bdi>{name}</bdi>
        </p>
        {email !== undefined && email !== name && (
          <p className="quiet cut">
            <bdi>{shown(email)}</bdi>
          </p>
        )}
        <p className="quiet">
          {where}
          {where && since ? ' · ' : ''}
          {since}
          {!person.known && t(' · not signed in yet')}
        </p>
      </div>
    </div>
  )
}
