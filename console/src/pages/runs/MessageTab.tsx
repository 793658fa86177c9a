import { Button, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { media as mediaQuery, templatePreview, templates as templatesQuery } from '~/api/channels'
import { put, Refusal, route } from '~/api/client'
import { runRoot } from '~/api/queries'
import type { Json, Run, RunStep } from '~/api/types'
import { SchemaForm } from '~/parts/SchemaForm'
import { channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { told } from '~/words/told'
import { asFields, type Fields, stepDefinition, withStep } from './graph'
import styles from './Inspector.module.css'

const OWN = ''
const PAUSE_MS = 400

/** What a send step says: a saved template, or parts of its own in the form its channel declares. */
export function MessageTab({ run, step }: { run: Run; step: RunStep }) {
  const client = useQueryClient()
  const definition = stepDefinition(run, step)
  const channel = String(definition['channel'] ?? '')
  const [said, setSaid] = useState<Fields>(asFields(definition['template']))
  const medium = useQuery(mediaQuery).data?.find(({ name }) => name === channel)
  const saved = (useQuery(templatesQuery).data ?? []).filter((each) => each.medium === channel)
  const named = typeof said['saved'] === 'string' ? said['saved'] : OWN
  const changed = JSON.stringify(said) !== JSON.stringify(asFields(definition['template']))
  const publish = useMutation({
    mutationFn: () => put(route`/api/${runRoot(run.kind)}/${run.id}`, withStep(run, step, { ...definition, template: said }) as Json),
    onSuccess: () => client.invalidateQueries({ queryKey: [runRoot(run.kind)] }),
  })
  return (
    <section className={styles.section}>
      <div className={styles.message}>
        <Select
          label={t('What the {{channel}} message says', { channel: channelName(channel) })}
          data={[{ value: OWN, label: t('Parts of its own') }, ...saved.map(({ id, name }) => ({ value: id, label: t('Template: {{name}}', { name: name || id }) }))]}
          value={named}
          onChange={(next) => setSaid(next ? { saved: next } : named ? {} : said)}
        />
        {named ? (
          <p>
            <Link to="/content/$id" params={{ id: named }} className="link">
              {t('Look at the template')}
            </Link>{' '}
            <span className="quiet">{said['version'] ? t('Version {{version}} and no other.', { version: String(said['version']) }) : t('Its newest version, whenever a message is queued.')}</span>
          </p>
        ) : (
          medium && <SchemaForm key={step.id} schema={medium.content} values={said} change={setSaid} />
        )}
        <Remarks medium={channel} said={said} />
        {publish.isError && (
          <p className={styles.problem} role="alert">
            {t('Not published.')} {publish.error instanceof Refusal && publish.error.path ? `${publish.error.path}: ` : ''}
            {publish.error.message}
          </p>
        )}
        <p className="quiet">{counted(run.waiting, '{{count}} person inside finishes on version {{version}}.', '{{count}} people inside finish on version {{version}}.', { version: String(run.version) })}</p>
        <Button variant="filled" disabled={!changed} loading={publish.isPending} onClick={() => publish.mutate()}>
          {t('Publish v{{version}}', { version: String(run.version + 1) })}
        </Button>
      </div>
    </section>
  )
}

/** What may go wrong with it, and how many segments a text message takes. */
function Remarks({ medium, said }: { medium: string; said: Fields }) {
  const [content] = useDebouncedValue(said, PAUSE_MS)
  const named = typeof content['saved'] === 'string'
  const query = useQuery({ ...templatePreview({ medium, content, person: '', language: '', event: { name: 'Preview', properties: {} } }), enabled: !named && medium !== '' && Object.values(content).some(Boolean) })
  if (named || query.isError || !query.data) return null
  return (
    <ul>
      {query.data.remarks.map(({ code, part, message }) => (
        <li key={`${code} ${part}`} className="quiet">
          {told(message)}
        </li>
      ))}
    </ul>
  )
}
