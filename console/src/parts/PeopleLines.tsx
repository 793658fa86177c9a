import { Link } from '@tanstack/react-router'
import type { Shape } from '~/api/shape'
import type { Properties } from '~/api/types'
import { personName, place } from '~/words/people'
import { Ago } from './Moment'
import styles from './PeopleLines.module.css'
import { PersonMark } from './PersonMark'

/** The people behind a number, each a link: name, place, and when they were last seen. */
export function PeopleLines({ people, stale }: { people: Shape<'PersonBehind'>[]; stale: boolean }) {
  return (
    <ul className={styles.people} data-stale={stale || undefined}>
      {people.map((person) => (
        <PersonLine key={person.person} person={person} />
      ))}
    </ul>
  )
}

function PersonLine({ person }: { person: Shape<'PersonBehind'> }) {
  const traits = person.traits as Properties
  const name = personName({ traits, user_id: person.user_id, known: true })
  return (
    <li>
      <PersonMark name={name} />
      <Link to="/people/$id" params={{ id: person.user_id }} className="cut">
        {name}
      </Link>
      <span className="quiet cut">{place(traits)}</span>
      <span className="quiet">
        <Ago at={person.last_seen} />
      </span>
    </li>
  )
}
