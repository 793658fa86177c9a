import { Button, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post, route } from '~/api/client'
import { Dialog } from '~/parts/Dialog'
import { useNow } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import { counted, t } from '~/words/language'
import styles from './Experiments.module.css'
import { Problem } from './Problem'
import { type Experiment, experiment, type ExperimentHeading, trial } from './trials'
import { peopleIn, verdictOf } from './verdict'

const STOP = ''

/** Ends an experiment: somebody wins and everybody gets that, or it stops. */
export function EndDialog({ id, close }: { id: string; close: () => void }) {
  const query = useQuery(experiment(id))
  return (
    <Dialog onClose={close} title={t('End the experiment')}>
      <Answered query={query} what={t('The experiment did not load')}>
        {(data) => <Form id={id} found={data} close={close} />}
      </Answered>
    </Dialog>
  )
}

function Form({ id, found, close }: { id: string; found: Experiment; close: () => void }) {
  const client = useQueryClient()
  const now = useNow()
  const read = useQuery(trial(id)).data
  const verdict = read && verdictOf(read, now)
  const [typed, setTyped] = useState<string | null>(null)
  const winner = typed ?? verdict?.winner ?? STOP
  const end = useMutation({
    mutationFn: () =>
      winner === STOP
        ? post<ExperimentHeading>(route`/api/experiments/${id}/stop`)
        : post<ExperimentHeading>(route`/api/experiments/${id}/winner`, { variant: winner }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['trials'] }), client.invalidateQueries({ queryKey: ['experiments'] })])
      close()
    },
  })
  const people = read ? peopleIn(read) : 0
  return (
    <div className={styles.form}>
      {verdict && (
        <p>
          <strong>{t('What it says:')}</strong> {verdict.title}
        </p>
      )}
      <Select
        label={t('What comes of it')}
        data={[
          ...Object.keys(found.heading.variants).map((name) => ({ value: name, label: t('Declare “{{variant}}” the winner', { variant: name }) })),
          { value: STOP, label: t('Stop it, without a winner') },
        ]}
        value={winner}
        onChange={(value) => setTyped(value ?? STOP)}
        data-autofocus
      />
      <p>
        {winner === STOP
          ? counted(people, '{{count}} person takes part in “{{name}}”. Nobody does any more: apps and sites show what they always show. What was found stays.', '{{count}} people take part in “{{name}}”. Nobody does any more: apps and sites show what they always show. What was found stays.', { name: found.heading.name })
          : counted(people, '{{count}} person takes part in “{{name}}”. From now on everybody gets “{{winner}}”, they too. What was found stays.', '{{count}} people take part in “{{name}}”. From now on everybody gets “{{winner}}”, they too. What was found stays.', { name: found.heading.name, winner })}
      </p>
      {winner !== STOP && verdict && verdict.winner !== winner && (
        <p className={styles.warning}>{t('The result does not say so: {{verdict}}. You may know more than it does.', { verdict: verdict.title })}</p>
      )}
      <Problem what={t('Not ended.')} error={end.error} />
      <div className={styles.actions}>
        <Button onClick={close}>{t('Keep it running')}</Button>
        <Button variant="filled" data-danger={winner === STOP || undefined} loading={end.isPending} onClick={() => end.mutate()}>
          {winner === STOP ? t('Stop the experiment') : t('Declare the winner')}
        </Button>
      </div>
    </div>
  )
}
