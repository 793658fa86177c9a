import { Button, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Eye } from 'lucide-react'
import { useMemo, useState } from 'react'
import { media as mediaQuery, templatePreview, templates as templatesQuery } from '~/api/channels'
import { people } from '~/api/queries'
import type { Properties, TemplatePreview } from '~/api/types'
import { PreviewPane } from '~/pages/content/PreviewPane'
import { Dialog } from '~/parts/Dialog'
import { mailDocument } from '~/parts/mailDocument'
import { Phone } from '~/parts/phone/Phone'
import { screenOf } from '~/parts/phone/said'
import { MESSAGE_FORMATS } from '~/fields/messageFormats'
import { SchemaForm } from '~/parts/SchemaForm'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { shown } from '~/words/people'
import { told } from '~/words/told'
import { asFields, type Fields } from '../graph'
import inspector from '../Inspector.module.css'
import { setStep, stepOf } from './draft'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { type Found, Problems, within } from './Problems'

const OWN = ' '
const PAUSE_MS = 350

interface Props {
  id: string
  /** The field of the step that holds what is said. */
  field: string
  found: Found[]
}

/** What a step says: a saved template, or parts of its own in the form its channel declares; and how it reads. */
export function MessageSettings({ id, field, found }: Props) {
  const editing = useEditing()!
  const step = stepOf(editing.definition, id)
  const channel = String(step['channel'] ?? '')
  const said = asFields(step[field])
  const [looking, setLooking] = useState(false)
  const [reader, setReader] = useState<string | null>(null)
  const medium = useQuery(mediaQuery).data?.find(({ name }) => name === channel)
  const saved = (useQuery(templatesQuery).data ?? []).filter((each) => each.medium === channel)
  const named = typeof said['saved'] === 'string' ? said['saved'] : null
  const write = (next: Fields, part = '') => editing.write(setStep(editing.definition, id, { ...step, [field]: next }), `${id}.${field}.${part}`)
  const here = within(found, id).filter(({ path }) => path.startsWith(`$.${field}`))
  const options = [{ value: OWN, label: t('Parts of its own') }, ...saved.map((each) => ({ value: each.id, label: t('Template: {{name}}', { name: each.name || each.id }) }))]
  if (named !== null && !saved.some((each) => each.id === named)) options.push({ value: named, label: named })
  return (
    <section className={inspector.section}>
      <Problems found={here} />
      <div className={inspector.message}>
        <Select label={t('What the {{channel}} message says', { channel: channelName(channel) })} data={options} value={named ?? OWN} onChange={(next) => next !== null && write(next === OWN ? {} : { saved: next })} />
        <Reading medium={channel} said={said} event={eventOf(editing.definition)} />
        {named !== null ? (
          <p>
            <Link to="/content/$id" params={{ id: named }} className="link">
              {t('Look at the template')}
            </Link>{' '}
            <span className="quiet">{said['version'] ? t('Version {{version}} and no other.', { version: String(said['version']) }) : t('Its newest version, whenever a message is queued.')}</span>
          </p>
        ) : (
          medium && <SchemaForm key={id} schema={medium.content} values={said as Properties} change={(next, part) => write(next, part)} problems={here} formats={MESSAGE_FORMATS} />
        )}
        <div>
          <Button leftSection={<Eye size={14} />} onClick={() => setLooking(true)}>
            {t('Read it as somebody, send a test')}
          </Button>
        </div>
      </div>
      {looking && (
        <Dialog onClose={() => setLooking(false)} title={t('{{channel}} message', { channel: channelName(channel) })} size={620}>
          <PreviewPane medium={channel} content={said as Properties} language="" reader={[reader, setReader]} />
        </Dialog>
      )}
    </section>
  )
}

/** The event that led to it, as far as the step that lets people in says. */
function eventOf(definition: Fields): string {
  const start = stepOf(definition, String(definition['start'] ?? ''))
  return typeof start['event'] === 'string' && start['event'] ? start['event'] : 'Preview'
}

/** How the person last seen would read it, while it is written. */
function Reading({ medium, said, event }: { medium: string; said: Fields; event: string }) {
  const newest = useQuery(people('', 1)).data?.people.find(({ known }) => known)?.user_id ?? ''
  const [question] = useDebouncedValue({ medium, content: said as Record<string, unknown>, person: newest, language: '', event: { name: event, properties: {} } }, PAUSE_MS)
  const empty = Object.values(question.content).every((part) => part === '' || part === null)
  // A saved template is looked at where it is kept.
  const named = 'saved' in question.content
  const query = useQuery({ ...templatePreview(question), enabled: !empty && !named && question.medium !== '' })
  if (named) return null
  if (empty) return <p className="quiet">{t('Nothing is said yet.')}</p>
  if (query.isError || !query.data) return null
  return (
    <div className={styles.reading} role="group" aria-label={t('How it reads')}>
      {query.data.parts ? <Parts medium={medium} preview={query.data} /> : <p className={styles.wrong}>{t('Nothing would be sent: {{reason}}', { reason: told(query.data.reason ?? '') })}</p>}
      <ul className={styles.plainList}>
        {query.data.remarks.map(({ code, part, message }, i) => (
          <li key={`${i} ${code} ${part}`} className="quiet">
            {told(message)}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Parts({ medium, preview }: { medium: string; preview: TemplatePreview }) {
  const parts = preview.parts ?? {}
  const html = typeof parts['html'] === 'string' ? parts['html'] : ''
  const safe = useMemo(() => mailDocument(html), [html])
  if (medium === 'email') {
    return (
      <div className={styles.mail}>
        <p className={styles.subject}>{shown(parts['subject'])}</p>
        {html ? <iframe title={t('The mail as it would be read')} sandbox="" srcDoc={safe} referrerPolicy="no-referrer" /> : <p className={styles.plain}>{shown(parts['text'])}</p>}
      </div>
    )
  }
  if (screenOf(medium) === null) return null
  return <Phone messages={[{ id: 1, medium, from: '', at: null, parts }]} />
}
