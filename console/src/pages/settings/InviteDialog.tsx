import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { accounts, invite, ROLES } from '~/api/accounts'
import { session } from '~/api/queries'
import { Dialog } from '~/parts/Dialog'
import { refusalWords } from '~/pages/signin/refusals'
import { t } from '~/words/language'
import { roleAbout, roleName } from '~/words/roles'
import { LinkToCopy } from './LinkToCopy'
import styles from './Settings.module.css'

export function InviteDialog({ close }: { close: () => void }) {
  const client = useQueryClient()
  const owner = useQuery(session).data?.account?.role === 'owner'
  const [email, setEmail] = useState('')
  const [role, setRole] = useState('viewer')
  const send = useMutation({
    mutationFn: () => invite(email.trim(), role),
    onSuccess: () => client.invalidateQueries({ queryKey: accounts.queryKey }),
  })
  return (
    <Dialog onClose={close} title={t('Invite somebody')}>
      {send.data ? (
        <LinkToCopy made={send.data} what={t('{{email}} is invited as {{role}}.', { email: send.data.account.email, role: roleName(send.data.account.role) })} until={t('It works once, for seven days.')} close={close} />
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            send.mutate()
          }}
        >
          <TextInput type="email" label={t('Email address')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} data-autofocus required withAsterisk={false} />
          <Select
            label={t('Role')}
            description={roleAbout(role)}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            data={ROLES.filter((each) => owner || each !== 'owner').map((each) => ({ value: each, label: roleName(each) }))}
            value={role}
            onChange={(next) => setRole(next ?? 'viewer')}
          />
          {send.isError && (
            <p className={styles.bad} role="alert">
              {refusalWords(send.error)}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" disabled={!email.trim()} loading={send.isPending}>
              {t('Invite')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
