import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Json, PersonRow } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { JsonText } from '~/parts/JsonText'
import { PersonField } from '~/parts/PersonField'
import { Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { personName } from '~/words/people'
import { Said } from '~/words/Said'
import styles from './Experiments.module.css'
import { givenTo } from './trials'

/** What an app would be told for one person. Only looked at: nobody comes to take part by it. */
export function LookDialog({ id, close }: { id: string; close: () => void }) {
  const [person, setPerson] = useState<PersonRow | null>(null)
  return (
    <Dialog onClose={close} title={t('What does somebody get')}>
      <div className={styles.form}>
        <PersonField
          label={t('Person')}
          description={t('Name, email or id of somebody. This only looks: nobody takes part because of it.')}
          choose={(found) => found && setPerson(found)}
        />
        {person && <Given key={person.user_id} id={id} person={person} />}
        <div className={styles.actions}>
          <Button variant="filled" onClick={close}>
            {t('Done')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function Given({ id, person }: { id: string; person: PersonRow }) {
  const query = useQuery(givenTo(id, person))
  const values = { name: personName(person) }
  const them = <Link className="link" to="/people/$id" params={{ id: person.user_id }} />
  return (
    <Answered query={query} what={t('It was not told')} waiting={<Waiting rows={2} />}>
      {(given) =>
        given === null ? (
          <p role="status">
            <Said text="<person>{{name}}</person> takes no part: the experiment does not run, they are not in its audience, or they are held out." values={values} parts={{ person: them }} />
          </p>
        ) : (
          <>
            <p role="status">
              <Said text="<person>{{name}}</person> gets <variant>{{variant}}</variant>." values={{ ...values, variant: given.variant }} parts={{ person: them, variant: <strong /> }} />
            </p>
            {given.value !== null && given.value !== undefined && <JsonText label={t('Value')} value={given.value as Json} />}
          </>
        )
      }
    </Answered>
  )
}
