import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { put, route } from '~/api/client'
import { Dialog } from '~/parts/Dialog'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import { Problem } from './Problem'
import { type Experiment, experiment, type ExperimentHeading } from './trials'

/** From its start on people are divided; what would divide them anew can then not be changed any more. */
export function StartDialog({ id, close }: { id: string; close: () => void }) {
  const query = useQuery(experiment(id))
  return (
    <Dialog onClose={close} title={t('Start the experiment')}>
      <Answered query={query} what={t('The experiment did not load')}>
        {(data) => <Form id={id} found={data} close={close} />}
      </Answered>
    </Dialog>
  )
}

function Form({ id, found, close }: { id: string; found: Experiment; close: () => void }) {
  const client = useQueryClient()
  const start = useMutation({
    mutationFn: () => put<ExperimentHeading>(route`/api/experiments/${id}`, { definition: { ...found.definition, state: 'running' }, based_on: found.heading.version }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['trials'] }), client.invalidateQueries({ queryKey: ['experiments'] })])
      close()
    },
  })
  return (
    <div className={styles.form}>
      <p>{t('From now on whoever comes to “{{name}}” gets a variant, and keeps it. Its layer and its draw stand from then on.', { name: found.heading.name })}</p>
      <dl className={styles.facts}>
        {Object.entries(found.heading.variants).map(([name, share]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{percent(share, 0)}</dd>
          </div>
        ))}
        <div>
          <dt>{t('Who takes part')}</dt>
          <dd>{found.definition['audience'] ? t('Its audience') : t('Everybody')}</dd>
        </div>
      </dl>
      <Problem what={t('Not started.')} error={start.error} />
      <div className={styles.actions}>
        <Button onClick={close}>{t('Leave it a draft')}</Button>
        <Button variant="filled" loading={start.isPending} onClick={() => start.mutate()}>
          {t('Start')}
        </Button>
      </div>
    </div>
  )
}
