import { Button, SegmentedControl } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { get, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import { Code } from '~/parts/Code'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import styles from './Settings.module.css'
import { signingSnippets } from './signing'

/** What people's tokens are signed with, so that an app with this write key may show their messages; and how it is done. */
export function TokenSecretDialog({ value, close }: { value: Shape<'KeyShape'>; close: () => void }) {
  const [language, setLanguage] = useState('python')
  // Asked for when it is wanted, and kept nowhere.
  const reveal = useMutation({ mutationFn: () => get<Shape<'TokenSecret'>>(route`/api/keys/${value.name}/token-secret`), gcTime: 0 })
  const all = signingSnippets()
  const shown = all.find(({ id }) => id === language) ?? all[0]!
  return (
    <Dialog onClose={close} title={t('Signing secret of “{{name}}”', { name: value.name })} size={640}>
      <div className={styles.form}>
        <p>{t('An app with this write key shows somebody’s messages once your server has signed a token for them. The secret belongs on your server, never in the app: whoever has it reads everybody’s messages.')}</p>
        {reveal.data ? (
          <div className={styles.once} role="status">
            <code>{reveal.data.secret}</code>
            <span>
              <CopyButton text={() => reveal.data.secret} label={t('Copy secret')} />
            </span>
          </div>
        ) : (
          <div>
            <Button loading={reveal.isPending} onClick={() => reveal.mutate()} data-autofocus>
              {t('Show the secret')}
            </Button>
          </div>
        )}
        {reveal.isError && (
          <p className={styles.bad} role="alert">
            {t('Not shown.')} {reveal.error.message}
          </p>
        )}
        <p className="quiet">{t('Sign a token when somebody signs in; your app sends it as {{header}}. Revoking the key ends every token.', { header: 'X-Holdfast-Person' })}</p>
        <SegmentedControl aria-label={t('Language')} data={all.map(({ id, label }) => ({ value: id, label }))} value={shown.id} onChange={setLanguage} />
        <Code label={t('{{language}} code', { language: shown.label })} text={shown.code} />
        <div className={styles.actions}>
          <Button variant="filled" onClick={close}>
            {t('Done')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
