import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Account, accounts, changeAccount, invite, removeAccount, resetLink, withoutSecondFactor } from '~/api/accounts'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { BrowserTable } from './BrowserTable'
import { LinkToCopy } from './LinkToCopy'
import styles from './Settings.module.css'

export type Deed = 'sessions' | 'reset' | 'again' | 'no-second-factor' | 'disable' | 'enable' | 'remove'

interface Props {
  account: Account
  close: () => void
}

/** What an owner or admin does with somebody's account. */
export function DeedDialog({ deed, ...props }: Props & { deed: Deed }) {
  const { email } = props.account
  switch (deed) {
    case 'sessions':
      return (
        <Dialog onClose={props.close} size="xl" title={t('Where {{email}} is signed in', { email })}>
          <BrowserTable account={props.account} />
        </Dialog>
      )
    case 'reset':
      return (
        <LinkDialog
          {...props}
          title={t('A link to a new password for {{email}}', { email })}
          about={t('Their password stays good until they have used it. Then every browser of theirs is signed out.')}
          until={t('It works once, for a day.')}
          make={() => resetLink(props.account.id)}
        />
      )
    case 'again':
      return (
        <LinkDialog
          {...props}
          title={t('Another link for {{email}}', { email })}
          about={t('The link from before is worth nothing from then on.')}
          until={t('It works once, for seven days.')}
          make={() => invite(email, props.account.role)}
        />
      )
    case 'no-second-factor':
      return (
        <Sure
          {...props}
          title={t('Remove the second factor of {{email}}', { email })}
          about={t('For who lost their phone and every recovery code. From then on their password alone lets them in; make sure that it is they who ask.')}
          button={t('Remove second factor')}
          act={() => withoutSecondFactor(props.account.id)}
        />
      )
    case 'disable':
      return (
        <Sure
          {...props}
          title={t('Disable {{email}}', { email })}
          about={t('They are signed out everywhere at once, and cannot sign in until somebody enables them again. What they made stays and goes on running.')}
          button={t('Disable')}
          act={() => changeAccount(props.account.id, { state: 'disabled' })}
        />
      )
    case 'enable':
      return (
        <Sure
          {...props}
          title={t('Enable {{email}} again', { email })}
          about={t('They can sign in with the password they had.')}
          button={t('Enable again')}
          harmless
          act={() => changeAccount(props.account.id, { state: 'active' })}
        />
      )
    case 'remove':
      return props.account.state === 'invited' ? (
        <Sure
          {...props}
          title={t('Take the invitation of {{email}} back', { email })}
          about={t('The link they were given is worth nothing from this moment.')}
          button={t('Take it back')}
          act={() => removeAccount(props.account.id)}
        />
      ) : (
        <Sure
          {...props}
          title={t('Remove {{email}}', { email })}
          about={t('They are signed out everywhere, and their account is forgotten: name, password, second factor. What they made stays and goes on running; the audit log keeps their address. This cannot be undone.')}
          button={t('Remove account')}
          typed={email}
          act={() => removeAccount(props.account.id)}
        />
      )
  }
}

function LinkDialog({ title, about, until, make, close }: Props & { title: string; about: string; until: string; make: () => ReturnType<typeof resetLink> }) {
  const made = useMutation({ mutationFn: make })
  return (
    <Dialog onClose={close} title={title}>
      {made.data ? (
        <LinkToCopy made={made.data} what={about} until={until} close={close} />
      ) : (
        <div className={styles.form}>
          <p>{about}</p>
          <Refused error={made.error} />
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button variant="filled" loading={made.isPending} onClick={() => made.mutate()} data-autofocus>
              {t('Make the link')}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

interface SureProps extends Props {
  title: string
  about: string
  button: string
  act: () => Promise<unknown>
  harmless?: boolean
  /** What is to be typed first. */
  typed?: string
}

function Sure({ title, about, button, act, harmless = false, typed, close }: SureProps) {
  const client = useQueryClient()
  const [text, setText] = useState('')
  const done = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: accounts.queryKey })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={title}>
      <div className={styles.form}>
        <p>{about}</p>
        {typed && <TextInput label={t('Type {{what}} to go on', { what: typed })} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />}
        <Refused error={done.error} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button variant="filled" data-danger={harmless ? undefined : true} disabled={typed !== undefined && text.trim() !== typed} loading={done.isPending} onClick={() => done.mutate()}>
            {button}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function Refused({ error }: { error: Error | null }) {
  return (
    error && (
      <p className={styles.bad} role="alert">
        {t('Nothing was changed.')} {error.message}
      </p>
    )
  )
}
