import { Link } from '@tanstack/react-router'
import type { PersonRow } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { PersonMark } from '~/parts/PersonMark'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { NONE } from '~/words/numbers'
import { personName, readable, shown } from '~/words/people'
import { commonTraits } from './commonTraits'
import styles from './PeoplePage.module.css'

export function PeopleTable({ people, stale }: { people: PersonRow[]; stale: boolean }) {
  const columns = commonTraits(people)
  return (
    <div className={`${tableStyles.block} ${styles.table}`} data-stale={stale || undefined} tabIndex={0} role="region" aria-label={t('People')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col">{t('Id')}</th>
            {columns.map((name) => (
              <th key={name} scope="col" title={name}>
                {readable(name)}
              </th>
            ))}
            <th scope="col" className={tableStyles.number}>{t('First seen')}</th>
            <th scope="col" className={tableStyles.number}>{t('Last seen')}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <Row key={person.person} person={person} columns={columns} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ person, columns }: { person: PersonRow; columns: string[] }) {
  const name = personName(person)
  return (
    <tr>
      <td>
        <div className={styles.who}>
          <PersonMark name={name} />
          <Link to="/people/$id" params={{ id: person.user_id }} className={`${tableStyles.name} cut`}>
            {name}
          </Link>
          {!person.known && <Chip>{t('anonymous')}</Chip>}
        </div>
      </td>
      <td className={`${styles.trait} mono quiet`}>{person.user_id}</td>
      {columns.map((trait) => (
        <td key={trait} className={`${styles.trait} quiet`} title={shown(person.traits[trait])}>
          {trait in person.traits ? shown(person.traits[trait]) : NONE}
        </td>
      ))}
      <td className={`${tableStyles.number} quiet`}>
        <Ago at={person.first_seen} />
      </td>
      <td className={`${tableStyles.number} quiet`}>
        <Ago at={person.last_seen} />
      </td>
    </tr>
  )
}
