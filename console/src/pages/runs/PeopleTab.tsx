import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { segmentPeople } from '~/api/queries'
import type { Json, Run, RunStep } from '~/api/types'
import { PersonMark } from '~/parts/PersonMark'
import { Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { personName } from '~/words/people'
import styles from './Inspector.module.css'

const FEW = 12

/** Who went through, found as any segment is: by the events the journey itself wrote. */
function passed(run: Run, step: RunStep | null): { definition: Json; words: string } {
  const sent = step?.type === 'send'
  const where: Json[] = [{ property: 'origin', operator: 'equals', value: run.id }]
  if (sent) where.push({ property: 'step', operator: 'equals', value: step.id })
  return {
    definition: { type: 'did', event: sent ? 'Message Sent' : 'Journey Entered', at_least: 1, where },
    words: sent ? t('people were sent this message') : run.kind === 'journey' ? t('people entered this journey') : t('people entered this campaign'),
  }
}

export function PeopleTab({ run, step }: { run: Run; step: RunStep | null }) {
  const { definition, words } = passed(run, step)
  const query = useQuery(segmentPeople(definition, FEW))
  return (
    <section className={styles.section}>
      <Answered query={query} what={t('The people did not load')} waiting={<Waiting rows={6} height={30} />}>
        {(data) => (
          <>
            <h3>
              {count(data.count)} {words}
            </h3>
            <ul className={styles.people}>
              {data.people.map((person) => {
                const name = personName(person)
                return (
                  <li key={person.person}>
                    <PersonMark name={name} />
                    <Link to="/people/$id" params={{ id: person.user_id }} className="cut">
                      {name}
                    </Link>
                    <Link to="/people/$id/why" params={{ id: person.user_id }} search={{ of: run.id }} className={styles.whyLink} aria-label={t('Why, {{name}}', { name })}>
                      {t('Why')}
                    </Link>
                  </li>
                )
              })}
            </ul>
          </>
        )}
      </Answered>
    </section>
  )
}
