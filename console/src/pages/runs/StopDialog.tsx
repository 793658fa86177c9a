import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import { useRunAct } from './RunActions'
import styles from './RunActions.module.css'

/** Stopping cannot be undone: its name is typed first. */
export function StopDialog({ run, close }: { run: Run; close: () => void }) {
  const [typed, setTyped] = useState('')
  const stop = useRunAct(run, close)
  return (
    <Dialog onClose={close} title={t('Stop “{{name}}”', { name: run.name })}>
      <div className={styles.form}>
        <p>
          {counted(run.waiting, '{{count}} person inside will leave it, and nobody new enters.', '{{count}} people inside will leave it, and nobody new enters.')}{' '}
          {t('Results stay.')} {run.state !== 'paused' && t('To hold it for a while, pause it instead.')}
        </p>
        <TextInput label={t('Type {{name}} to stop it', { name: run.name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus />
        {stop.isError && (
          <p className={styles.problem} role="alert">
            {t('Not stopped.')} {stop.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{run.state === 'paused' ? t('Keep it') : t('Keep it running')}</Button>
          <Button variant="filled" data-danger disabled={typed.trim() !== run.name} loading={stop.isPending} onClick={() => stop.mutate('stop')}>
            {run.kind === 'journey' ? t('Stop journey') : t('Stop campaign')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
