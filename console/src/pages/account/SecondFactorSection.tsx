import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { beginSecondFactor, confirmSecondFactor, me, removeSecondFactor } from '~/api/accounts'
import { session } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { Chip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { QrCode } from '~/parts/QrCode'
import { refusalWords } from '~/pages/signin/refusals'
import styles from '~/pages/settings/Settings.module.css'
import { counted, t } from '~/words/language'

type Me = Shape<'MeShape'>

/** What became of one's account is told to every part of the page that shows it. */
function useChanged() {
  const client = useQueryClient()
  return async (found: Me) => {
    client.setQueryData(me.queryKey, found)
    await Promise.all([client.invalidateQueries({ queryKey: session.queryKey }), client.invalidateQueries({ queryKey: ['browsers'] }), client.invalidateQueries({ queryKey: ['accounts'] })])
  }
}

export function SecondFactorSection({ mine }: { mine: Me }) {
  const [open, setOpen] = useState<'set' | 'remove' | null>(null)
  const close = () => setOpen(null)
  const on = mine.account.two_factor
  return (
    <div className={styles.narrow}>
      <p>
        {on ? (
          <Chip tone="good" dot>
            {t('on')}
          </Chip>
        ) : (
          <Chip dot>{t('off')}</Chip>
        )}
      </p>
      <p className="quiet">
        {on
          ? t('Whoever signs in as you needs a code from your app besides your password.')
          : t('With it, a password alone lets nobody in as you: signing in asks for a code that an app on your phone shows, and that changes every thirty seconds.')}
      </p>
      {on && (
        <p className="quiet">
          {counted(mine.recovery_codes_left, '{{count}} recovery code is left.', '{{count}} recovery codes are left.')} {t('New ones come with setting it up again: remove it first.')}
        </p>
      )}
      <div className={styles.actions}>
        {on ? (
          <Button onClick={() => setOpen('remove')}>{t('Remove second factor')}</Button>
        ) : (
          <Button variant="filled" onClick={() => setOpen('set')}>
            {t('Set up second factor')}
          </Button>
        )}
      </div>
      {open === 'set' && <SetUpDialog close={close} />}
      {open === 'remove' && <RemoveDialog mine={mine} close={close} />}
    </div>
  )
}

function SetUpDialog({ close }: { close: () => void }) {
  const [kept, setKept] = useState(false)
  const changed = useChanged()
  const [code, setCode] = useState('')
  const begin = useMutation({ mutationFn: beginSecondFactor })
  const confirm = useMutation({
    mutationFn: () => confirmSecondFactor(code.trim()),
    onSuccess: async (found) => {
      await changed(found)
      close()
    },
  })
  const given = begin.data
  return (
    <Dialog onClose={close} title={t('Set up a second factor')} size="md">
      {!given ? (
        <div className={styles.form}>
          <p>{t('You need an app that shows codes: one of those for passwords, or an authenticator. Have it ready on your phone.')}</p>
          {begin.isError && (
            <p className={styles.bad} role="alert">
              {refusalWords(begin.error)}
            </p>
          )}
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button variant="filled" loading={begin.isPending} onClick={() => begin.mutate()} data-autofocus>
              {t('Show the picture')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            confirm.mutate()
          }}
        >
          <h3>{t('1. Scan this with the app')}</h3>
          <div className={styles.qr}>
            <QrCode text={given.uri} label={t('A picture of the secret, for the app to scan')} />
            <div className="quiet">
              {t('Or write this into it:')}
              <code className={styles.secret}>
                {given.secret.replace(/(.{4})/g, '$1 ').trim()}
              </code>
            </div>
          </div>
          <h3>{t('2. Keep these recovery codes')}</h3>
          <p className="quiet">{t('Each lets you in once when the phone is gone. They are shown now and never again: print them, or keep them with your passwords.')}</p>
          <ul className={styles.codes} aria-label={t('Recovery codes')}>
            {given.recovery.map((each) => (
              <li key={each}>
                <code>{each}</code>
              </li>
            ))}
          </ul>
          <CopyButton
            text={() => {
              setKept(true)
              return given.recovery.join('\n')
            }}
            label={t('Copy the recovery codes')}
          />
          <label className={styles.check}>
            <input type="checkbox" checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} /> {t('I have kept them')}
          </label>
          <h3>{t('3. Say the code it shows')}</h3>
          <TextInput label={t('Code')} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" inputMode="numeric" error={confirm.isError ? refusalWords(confirm.error) : undefined} />
          <div className={styles.actions}>
            <Button onClick={close}>{t('Cancel')}</Button>
            <Button type="submit" variant="filled" disabled={!kept || !code.trim()} loading={confirm.isPending}>
              {t('Turn it on')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function RemoveDialog({ mine, close }: { mine: Me; close: () => void }) {
  const changed = useChanged()
  const [password, setPassword] = useState('')
  const drop = useMutation({
    mutationFn: () => removeSecondFactor(password),
    onSuccess: async (found) => {
      await changed(found)
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Remove your second factor')}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          drop.mutate()
        }}
      >
        <p>{t('From then on your password alone lets somebody in as {{email}}. The recovery codes are worth nothing any more.', { email: mine.account.email })}</p>
        {mine.has_password && (
          <PasswordInput
            label={t('Your password')}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: t('Your password') }) }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            data-autofocus
          />
        )}
        {drop.isError && (
          <p className={styles.bad} role="alert">
            {refusalWords(drop.error)}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Keep it')}</Button>
          <Button type="submit" variant="filled" data-danger disabled={mine.has_password && !password} loading={drop.isPending}>
            {t('Remove second factor')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
