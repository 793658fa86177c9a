import { Button, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { put, Refusal, route } from '~/api/client'
import { useMay } from '~/api/may'
import { runRoot } from '~/api/queries'
import type { Json, Run } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { counted, t } from '~/words/language'
import { channelsOf } from './channels'
import styles from './RunActions.module.css'

/** The definition as the API has it; a changed one is published as the next version. */
export function DefinitionDialog({ run, close }: { run: Run; close: () => void }) {
  const client = useQueryClient()
  const [original] = useState(() => JSON.stringify(run.definition, null, 2))
  const [text, setText] = useState(original)
  const stopped = run.state === 'stopped' || run.state === 'archived'
  const changed = text !== original
  const publishes = useMay()('decisions:publish')
  const publish = useMutation({
    mutationFn: () => put(route`/api/${runRoot(run.kind)}/${run.id}`, JSON.parse(text) as Json),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [runRoot(run.kind)] })
      close()
    },
  })
  return (
    <Dialog onClose={close} title={t('Definition of “{{name}}”', { name: run.name })} size={640}>
      <div className={styles.form}>
        <Textarea
          label={t('Version {{version}}', { version: String(run.version) })}
          autosize
          minRows={10}
          maxRows={20}
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.currentTarget.value)}
          error={publish.isError ? problem(publish.error) : undefined}
        />
        <p className="quiet">
          {stopped
            ? t('It was stopped. Published again, it lets people in from that moment.')
            : counted(run.waiting, '{{count}} person inside finishes on version {{version}}; new ones take version {{next}} from the moment it is published.', '{{count}} people inside finish on version {{version}}; new ones take version {{next}} from the moment it is published.', { version: String(run.version), next: String(run.version + 1) })}{' '}
          {t('Channel: {{channels}}.', { channels: channelsOf(run) })}
        </p>
        <div className={styles.actions}>
          <CopyButton text={() => text} />
          {publishes && (
            <Button variant="filled" disabled={!changed && !stopped} loading={publish.isPending} onClick={() => publish.mutate()}>
              {changed ? t('Publish v{{version}}', { version: String(run.version + 1) }) : stopped ? t('Publish again') : t('Publish v{{version}}', { version: String(run.version + 1) })}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  )
}

function problem(error: Error): string {
  if (error instanceof Refusal) return `${t('Not published.')} ${error.path ? `${error.path}: ` : ''}${error.message} ${error.hint ?? ''}`
  return `${t('Not published.')} ${error instanceof SyntaxError ? t('This is not JSON: {{problem}}', { problem: error.message }) : error.message}`
}
