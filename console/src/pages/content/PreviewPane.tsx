import { Button, JsonInput, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { type PreviewQuestion, templatePreview } from '~/api/channels'
import { post, Refusal } from '~/api/client'
import { useMay } from '~/api/may'
import { people } from '~/api/queries'
import type { Properties, Remark, TemplatePreview } from '~/api/types'
import { Chip, type ChipTone } from '~/parts/Chip'
import { mailDocument } from '~/parts/mailDocument'
import { NeedsMore } from '~/parts/NeedsMore'
import { Phone } from '~/parts/phone/Phone'
import { screenOf } from '~/parts/phone/said'
import { JsonText } from '~/parts/JsonText'
import { t } from '~/words/language'
import { shown } from '~/words/people'
import { told } from '~/words/told'
import styles from './TemplatePage.module.css'

const PAUSE_MS = 350

/** As whom it is looked at, and how to change that; null for the person last seen. */
export type Reader = [string | null, (person: string) => void]

interface Props {
  medium: string
  content: Properties
  language: string
  reader: Reader
}

/** How somebody reads it as it is being written, what may go wrong with it, and a test to oneself. */
export function PreviewPane(props: Props) {
  const may = useMay()
  return (
    <aside className={styles.preview} aria-label={t('Preview')} tabIndex={0}>
      {may('people:read') ? <Read {...props} /> : <NeedsMore needs="people:read" />}
    </aside>
  )
}

function Read({ medium, content, language, reader: [asked, setAsked] }: Props) {
  const known = useQuery(people('', 1))
  const person = asked ?? known.data?.people.find(({ known }) => known)?.user_id ?? ''
  const [properties, setProperties] = useState<Properties>({})
  const [question] = useDebouncedValue({ medium, content, person, language, event: { name: 'Preview', properties } }, PAUSE_MS)
  const query = useQuery(templatePreview(question))
  return (
    <>
      <TextInput
        label={t('As this person reads it')}
        description={t('An id of theirs; empty for somebody of whom nothing is known.')}
        // Nobody is put there while it is written in.
        disabled={asked === null && known.isPending}
        onFocus={() => setAsked(person)}
        value={person}
        onChange={(event) => setAsked(event.currentTarget.value)}
      />
      <JsonInput
        label={t('Properties of the event that leads to it')}
        placeholder={'{"product": "Enamel Mug"}'}
        autosize
        minRows={1}
        maxRows={8}
        validationError={t('This is not JSON.')}
        onChange={(text) => setProperties(asProperties(text))}
      />
      {query.isError ? (
        <p className={styles.bad} role="alert">
          {query.error instanceof Refusal && query.error.path ? `${query.error.path}: ` : ''}
          {query.error.message} {query.error instanceof Refusal ? query.error.hint : ''}
        </p>
      ) : (
        query.data && <Shown preview={query.data} />
      )}
      <TestSend question={question} />
    </>
  )
}

/** An object; nothing while it is half-written. */
function asProperties(text: string): Properties {
  try {
    const read = JSON.parse(text) as unknown
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Properties) : {}
  } catch {
    return {}
  }
}

function Shown({ preview }: { preview: TemplatePreview }) {
  const missing = preview.used.filter(({ value, has_default }) => value === null && !has_default)
  return (
    <>
      {preview.parts ? <Message medium={preview.medium} parts={preview.parts} /> : <p className={styles.bad}>{t('Nothing would be sent: {{reason}}', { reason: told(preview.reason ?? '') })}</p>}
      {missing.length > 0 && (
        <p className="quiet">
          {t('Not known here, so empty: {{names}}.', { names: [...new Set(missing.map(({ name }) => name))].join(', ') })}
        </p>
      )}
      <ul className={styles.remarks} aria-label={t('Checks')}>
        {preview.remarks.map((each, i) => (
          <RemarkLine key={`${i} ${each.code}`} remark={each} />
        ))}
        {preview.remarks.length === 0 && <li className="quiet">{t('Nothing to remark.')}</li>}
      </ul>
    </>
  )
}

const TONES: Record<Remark['weight'], ChipTone> = { wrong: 'bad', risky: 'warn', note: 'plain' }
const WEIGHTS: Record<Remark['weight'], () => string> = { wrong: () => t('wrong'), risky: () => t('risky'), note: () => t('note') }

function RemarkLine({ remark }: { remark: Remark }) {
  return (
    <li>
      <Chip tone={TONES[remark.weight]} dot>
        {WEIGHTS[remark.weight]()}
      </Chip>
      <span>
        {told(remark.message)} <span className="quiet">{told(remark.hint)}</span>
      </span>
    </li>
  )
}

function Message({ medium, parts }: { medium: string; parts: Properties }) {
  const html = typeof parts['html'] === 'string' ? parts['html'] : ''
  const safe = useMemo(() => mailDocument(html), [html])
  if (medium === 'email') {
    return (
      <div className={styles.mail}>
        <p className={styles.subject}>{shown(parts['subject'])}</p>
        {parts['preheader'] && <p className="quiet">{shown(parts['preheader'])}</p>}
        <iframe title={t('The mail as it would be read')} sandbox="" srcDoc={safe} referrerPolicy="no-referrer" />
      </div>
    )
  }
  if (screenOf(medium) === null) return <JsonText label={t('What is sent')} value={parts} />
  return <Phone messages={[{ id: 1, medium, from: '', at: null, parts }]} />
}

function TestSend({ question }: { question: PreviewQuestion }) {
  const [to, setTo] = useState('')
  const send = useMutation({ mutationFn: () => post<{ taken: boolean; said: string }>('/api/templates/test', { ...question, to: to.trim() }) })
  return (
    <form
      className={styles.test}
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      <TextInput label={t('Send a test to')} placeholder={t('An address of yours on this channel')} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      <Button type="submit" loading={send.isPending}>
        {t('Send test')}
      </Button>
      {send.data && <p role="status">{send.data.taken ? t('Taken, marked [Test].') : t('Not taken: {{said}}', { said: told(send.data.said) })}</p>}
      {send.isError && (
        <p className={styles.bad} role="alert">
          {t('Not sent.')} {send.error.message} {send.error instanceof Refusal ? send.error.hint : ''}
        </p>
      )}
    </form>
  )
}
