import { Autocomplete, Button, FileInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { get, Refusal, remove, upload } from '~/api/client'
import type { Shape } from '~/api/shape'
import { Section } from '~/parts/Page'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { LoadingStrip } from '../overview/LoadingStrip'
import { glimpse, type Glimpse, likely } from './columnsOf'
import styles from './DataPage.module.css'

const WATCH_MS = 1_000
/** Where nothing of ours goes in, somebody else's file may. */
const LOOK_MS = 5_000
const LETTERS_MOST = 60

interface Mapping {
  person: string
  anonymous: string
  time: string
  event: string
  event_name: string
  time_format: string
  currency: string
}

const NOTHING: Mapping = { person: '', anonymous: '', time: '', event: '', event_name: '', time_format: '', currency: '' }

const guessed = (columns: string[]): Mapping => ({
  ...NOTHING,
  person: likely(columns, ['userid', 'customerid', 'personid', 'user', 'customer']),
  anonymous: likely(columns, ['anonymousid']),
  time: likely(columns, ['timestamp', 'time', 'at', 'date', 'createdat', 'orderedat', 'occurredat']),
  event: likely(columns, ['event', 'eventname', 'eventtype']),
})

/** A file of events: its columns told apart before it goes out, how far it is, and what became of its rows. */
export function ImportSection() {
  const client = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [seen, setSeen] = useState<Glimpse | null>(null)
  const [mapping, setMapping] = useState(NOTHING)
  const [sent, setSent] = useState(0)
  const calledOff = useRef(new AbortController())
  const take = useMutation({
    mutationFn: (chosen: File) => {
      setSent(0)
      calledOff.current = new AbortController()
      const said = Object.fromEntries(Object.entries(mapping).filter(([, value]) => value.trim() !== ''))
      return upload<Shape<'ImportedShape'>>('/api/import', { name: chosen.name, mapping: JSON.stringify(said) }, chosen, setSent, calledOff.current.signal)
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['schema'] }),
  })
  const reading = useQuery({
    queryKey: ['import'],
    queryFn: async ({ signal }) => (await get<Shape<'ImportShape'>>('/api/import', {}, signal)).under_way,
    refetchInterval: take.isPending ? WATCH_MS : LOOK_MS,
  })
  const stop = useMutation({ mutationFn: () => remove('/api/import'), onSettled: () => client.invalidateQueries({ queryKey: ['import'] }) })
  const loading = reading.data
  const choose = async (next: File | null) => {
    take.reset()
    setFile(next)
    const found = next ? await glimpse(next).catch(() => null) : null
    setSeen(found)
    setMapping(guessed(found?.columns ?? []))
  }
  const ready = (mapping.person || mapping.anonymous) && mapping.time && (mapping.event || mapping.event_name)
  const column = (name: 'person' | 'anonymous' | 'time' | 'event', label: string) => (
    <Autocomplete label={label} w={200} data={seen?.columns ?? []} value={mapping[name]} onChange={(value) => setMapping({ ...mapping, [name]: value })} />
  )
  const word = (name: 'event_name' | 'time_format' | 'currency', label: string, placeholder: string) => (
    <TextInput label={label} w={200} placeholder={placeholder} value={mapping[name]} onChange={(event) => setMapping({ ...mapping, [name]: event.currentTarget.value })} />
  )
  return (
    <Section title={t('Import')} note={t('A row for each event, as CSV, JSON lines or Parquet. Nobody is written to: imported events are the past.')}>
      <form
        className={styles.keys}
        onSubmit={(event) => {
          event.preventDefault()
          if (file) take.mutate(file)
        }}
      >
        <FileInput label={t('A file of events')} accept=".csv,.gz,.parquet,.jsonl,.ndjson" w={300} value={file} onChange={(next) => void choose(next)} placeholder={t('Choose a file')} clearable clearButtonProps={{ 'aria-label': t('Another file') }} />
        {file && seen && seen.columns.length > 0 && <FirstRows seen={seen} />}
        {file && !seen && <p className="quiet">{t('The columns of this file are read by the server: write their names.')}</p>}
        {file && (
          <>
            <div className={styles.form}>
              {column('person', t('Column of the person’s id'))}
              {column('anonymous', t('Column of the id before login'))}
              {column('time', t('Column of the time'))}
              {column('event', t('Column of the event’s name'))}
            </div>
            <div className={styles.form}>
              {word('event_name', t('Or one name for all'), 'Order Completed')}
              {word('time_format', t('How times are written'), '%d/%m/%Y %H:%M')}
              {word('currency', t('Currency, if no column says'), 'EUR')}
            </div>
            <div className={styles.form}>
              <Button type="submit" variant="filled" disabled={!ready} loading={take.isPending}>
                {t('Import the file')}
              </Button>
              {take.isPending && sent < 1 && <Button onClick={() => calledOff.current.abort()}>{t('Call it off')}</Button>}
              {!ready && <p className="quiet">{t('Say whose events these are, when they happened, and what they are called.')}</p>}
            </div>
          </>
        )}
        {take.isPending && !loading && <p role="status">{sent < 1 ? t('{{share}} of the file has gone out', { share: percent(sent, 0) }) : t('The server reads it')}</p>}
        {loading && (
          <div className={styles.form} role="group" aria-label={t('The file that goes in')}>
            <div className={styles.under}>
              <LoadingStrip loading={loading} />
            </div>
            <Button disabled={loading.called_off} loading={stop.isPending} onClick={() => stop.mutate()}>
              {loading.called_off ? t('It stops in a moment') : t('Stop importing')}
            </Button>
          </div>
        )}
        {take.data && <Became done={take.data} />}
        {take.isError && (
          <p className={styles.bad} role="alert">
            {t('The file was not taken in.')} {take.error.name === 'AbortError' ? t('It was called off.') : take.error.message} {take.error instanceof Refusal ? take.error.hint : ''}
          </p>
        )}
      </form>
    </Section>
  )
}

function Became({ done }: { done: Shape<'ImportedShape'> }) {
  return (
    <p role="status">
      {done.stopped && `${counted(done.rows, 'It was stopped after {{count}} row. What is in stays; the same file again goes on from there.', 'It was stopped after {{count}} rows. What is in stays; the same file again goes on from there.')} `}
      {counted(done.added, '{{count}} event was added.', '{{count}} events were added.')}{' '}
      {done.known > 0 && counted(done.known, '{{count}} was there already.', '{{count}} were there already.')}{' '}
      {done.bad > 0 && (
        <Link to="/data" search={{}} className="link">
          {counted(done.bad, '{{count}} row is no event: see why', '{{count}} rows are no events: see why')}
        </Link>
      )}
    </p>
  )
}

function FirstRows({ seen }: { seen: Glimpse }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('First rows of the file')}>
      <table className={tableStyles.table} data-dense>
        <thead>
          <tr>
            {seen.columns.map((name, i) => (
              <th key={i} scope="col">
                <bdi>{name.slice(0, LETTERS_MOST)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seen.rows.map((row, i) => (
            <tr key={i}>
              {seen.columns.map((_, j) => (
                <td key={j} className="quiet">
                  <bdi>{(row[j] ?? '').slice(0, LETTERS_MOST)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
