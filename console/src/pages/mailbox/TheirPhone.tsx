import { useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { mail as mailQuery, person as personQuery } from '~/api/queries'
import type { MailRow } from '~/api/types'
import { PersonMark } from '~/parts/PersonMark'
import { Phone } from '~/parts/phone/Phone'
import { screenOf } from '~/parts/phone/said'
import { counted, t } from '~/words/language'
import { personName } from '~/words/people'
import styles from './MailboxPage.module.css'

const SHOWN_MOST = 30

/** What one person got on their phone: the newest messages, read one by one. */
export function TheirPhone({ person, messages }: { person: string; messages: MailRow[] }) {
  const who = useQuery(personQuery(person)).data
  const wanted = messages.filter(({ medium }) => screenOf(medium) !== null).slice(0, SHOWN_MOST)
  const read = useQueries({ queries: wanted.map(({ id }) => mailQuery(id)) })
  const said = read.flatMap(({ data }) => (data?.words ? [{ id: data.id, medium: data.medium, from: data.from, at: data.received_at, parts: data.words }] : []))
  const name = who ? personName(who) : person
  return (
    <section className={styles.view} aria-label={t('Their phone')} tabIndex={0}>
      <div className={styles.head}>
        <div className={styles.line}>
          <PersonMark name={name} size={24} />
          <h2>
            <Link to="/people/$id" params={{ id: person }} className="link">
              {name}
            </Link>
          </h2>
        </div>
        <p>{said.length > 0 ? counted(said.length, 'The last {{count}} message on their phone. Mail is in the list.', 'The last {{count}} messages on their phone. Mail is in the list.') : t('Nothing came to their phone yet; mail is in the list.')}</p>
      </div>
      <Phone messages={said} />
    </section>
  )
}
