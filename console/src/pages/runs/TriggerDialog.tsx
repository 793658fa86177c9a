import { Button, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { AwaitsApproval, Refusal } from '~/api/client'
import { runRoot, segmentCount } from '~/api/queries'
import type { PersonRow, Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { PersonField } from '~/parts/PersonField'
import { armWords, notEnteredWords } from '~/words/entries'
import { withheldWords } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { personName } from '~/words/people'
import { askedOfACall, call, type Called, calledAudience, variablesIn } from './calling'
import { channelsOf } from './channels'
import styles from './RunActions.module.css'

/** Calls it as a program would: one person, or where it allows that, the whole audience. */
export function TriggerDialog({ run, close }: { run: Run; close: () => void }) {
  const client = useQueryClient()
  const audience = calledAudience(run)
  const [whole, setWhole] = useState(false)
  const [person, setPerson] = useState<PersonRow | null>(null)
  const [variables, setVariables] = useState(() => JSON.stringify(Object.fromEntries(askedOfACall(run.definition).map((name) => [name, ''])), null, 2))
  const [key, setKey] = useState(() => `console-${Math.random().toString(36).slice(2, 10)}`)
  const size = useQuery({ ...segmentCount(audience), enabled: audience !== null })
  const { fields, wrong } = variablesIn(variables)
  const trigger = useMutation({
    mutationFn: () => call(run, { person: whole ? null : person, properties: fields, key: key.trim() }),
    onSettled: () => client.invalidateQueries({ queryKey: [runRoot(run.kind), run.id] }),
  })
  const people = whole ? (size.data?.count ?? null) : person ? 1 : null
  const holdout = Number(run.definition['holdout'] ?? 0)
  const waits = trigger.error instanceof AwaitsApproval
  return (
    <Dialog onClose={close} title={t('Trigger “{{name}}”', { name: run.name })}>
      {trigger.data ? (
        <Became run={run} answer={trigger.data} person={person} close={close} />
      ) : waits ? (
        <div className={styles.form}>
          <p role="status">
            {trigger.error?.message}{' '}
            <Link className="link" to="/approvals">
              {t('Approvals')}
            </Link>
          </p>
          <div className={styles.actions}>
            <Button variant="filled" onClick={close} data-autofocus>
              {t('Done')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            if (people !== null && wrong === '' && key.trim()) trigger.mutate()
          }}
        >
          {audience !== null && (
            <SegmentedControl
              aria-label={t('Whom to let in')}
              data={[
                { value: 'one', label: t('One person') },
                { value: 'whole', label: t('Whole audience') },
              ]}
              value={whole ? 'whole' : 'one'}
              onChange={(next) => setWhole(next === 'whole')}
            />
          )}
          {!whole && <PersonField label={t('Person')} description={t('Name, email or id of somebody')} choose={setPerson} />}
          <Textarea
            label={t('Variables, as JSON')}
            description={t('What its words say as {{example}}', { example: '{{ event.properties.… }}' })}
            autosize
            minRows={3}
            maxRows={12}
            value={variables}
            onChange={(event) => setVariables(event.currentTarget.value)}
            error={wrong === '' ? undefined : wrong === 'object' ? t('Write names and values in braces.') : wrong}
          />
          <TextInput label={t('Key of this call')} description={t('Said again under the same key, it lets nobody in twice.')} maxLength={200} value={key} onChange={(event) => setKey(event.currentTarget.value)} />
          <dl className={styles.facts} aria-label={t('Before it goes out')}>
            <div>
              <dt>{t('People')}</dt>
              <dd data-testid="called-people">{whole && size.isError ? t('not counted') : people === null ? '–' : whole ? count(people) : personName(person!)}</dd>
            </div>
            {holdout > 0 && (
              <div>
                <dt>{t('Of those, held out')}</dt>
                <dd>{t('about {{share}}', { share: percent(holdout, 0) })}</dd>
              </div>
            )}
            <div>
              <dt>{t('Channel')}</dt>
              <dd>{channelsOf(run)}</dd>
            </div>
            <div>
              <dt>{t('First send')}</dt>
              <dd>{t('At once, where it is time already')}</dd>
            </div>
          </dl>
          {whole && size.isError && (
            <p className={styles.problem} role="alert">
              {t('Not counted.')} {size.error.message}
            </p>
          )}
          {trigger.isError && (
            <p className={styles.problem} role="alert">
              {t('Not triggered.')} {trigger.error.message} {trigger.error instanceof Refusal ? trigger.error.hint : ''}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" disabled={people === null || people === 0 || wrong !== '' || !key.trim()} loading={trigger.isPending}>
              {whole && people !== null ? counted(people, 'Let in {{count}} person', 'Let in {{count}} people') : t('Let them in')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

/** What became of whoever was called. */
function Became({ run, answer, person, close }: { run: Run; answer: Called; person: PersonRow | null; close: () => void }) {
  const [became] = answer.people
  return (
    <div className={styles.form}>
      <p role="status">{became && person ? ofPerson(became, personName(person)) : t('The run has begun. It shows under Runs with its audience and how far it is.')}</p>
      {became && person && (
        <Link className="link" to="/people/$id/why" params={{ id: person.user_id }} search={{ of: run.id }}>
          {t('See what happened, step by step')}
        </Link>
      )}
      <div className={styles.actions}>
        <Button variant="filled" onClick={close} data-autofocus>
          {t('Done')}
        </Button>
      </div>
    </div>
  )
}

function ofPerson({ outcome, arm, send, reason }: Called['people'][number], name: string): string {
  switch (outcome) {
    case 'pending':
      return t('The call is kept. {{name}} is let in as soon as it is read.', { name })
    case 'not_entered':
      return t('{{name}} did not enter: {{reason}}.', { name, reason: notEnteredWords(reason ?? '') })
    case 'entered':
      return send === 'withheld'
        ? t('{{name}} entered, and the message is withheld: {{reason}}.', { name, reason: withheldWords(reason ?? '') })
        : t('{{name}} entered, in the arm “{{arm}}”.', { name, arm: armWords(arm ?? 'treated') })
  }
}
