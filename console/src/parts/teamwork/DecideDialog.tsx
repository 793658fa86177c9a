import { Button, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Approval, decide } from '~/api/teamwork'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { askWords, kindWords } from './acts'
import { Changes } from './Changes'
import styles from './Teamwork.module.css'

export type Say = 'approve' | 'refuse' | 'withdraw'

const nameOf = ({ about }: Approval) => about.name || about.id

/** What would happen, place by place, before somebody agrees to it, refuses it, or takes it back. */
export function DecideDialog({ approval, say, close }: { approval: Approval; say: Say; close: () => void }) {
  const client = useQueryClient()
  const [words, setWords] = useState('')
  const act = useMutation({
    mutationFn: () => decide(approval.id, say, words),
    // What was approved is done: whatever shows it is out of date.
    onSuccess: () => {
      close()
      return client.invalidateQueries()
    },
    onError: () => client.invalidateQueries({ queryKey: ['approvals'] }),
  })
  const name = nameOf(approval)
  const titles: Record<Say, string> = {
    approve: t('Approve “{{name}}”', { name }),
    refuse: t('Refuse “{{name}}”', { name }),
    withdraw: t('Withdraw “{{name}}”', { name }),
  }
  const buttons: Record<Say, string> = { approve: t('Approve and do it now'), refuse: t('Refuse'), withdraw: t('Withdraw') }
  return (
    <Dialog onClose={close} title={titles[say]} size="lg">
      <div className={styles.form}>
        <p>
          {t('{{who}} asks {{act}} the {{kind}} “{{name}}”.', { who: approval.by_name || approval.by, act: askWords(approval.action), kind: kindWords(approval.about.kind), name })}{' '}
          {say === 'approve' && t('It is done at once, exactly as it was asked for, and people may be contacted from then on.')}
          {say === 'refuse' && t('It is not done. Whoever asked sees your words.')}
          {say === 'withdraw' && t('Nobody has to decide on it any more. Nothing is done.')}
        </p>
        <Changes changes={approval.changes} />
        {say !== 'withdraw' && (
          <Textarea label={t('Words to go with it')} autosize minRows={2} maxLength={2000} value={words} onChange={(event) => setWords(event.currentTarget.value)} data-autofocus />
        )}
        {act.isError && (
          <p className={styles.problem} role="alert">
            {act.error.message}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button variant="filled" data-danger={say === 'refuse' || undefined} loading={act.isPending} onClick={() => act.mutate()}>
            {buttons[say]}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
