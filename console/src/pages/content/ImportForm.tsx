import { Button, FileInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Refusal } from '~/api/client'
import { overview } from '~/api/queries'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { LoadingStrip } from '../overview/LoadingStrip'
import styles from './TemplatePage.module.css'

interface Props<T> {
  /** What is chosen: "A file of items". */
  label: string
  accept: string
  /** Sends it, with this beside it; and says how much of it has gone out. */
  send: (query: Record<string, string | boolean>, file: File, sent: (share: number) => void) => Promise<T>
  button: string
  /** What is still missing but the file. */
  ready: boolean
  /** What may be said of a file that is refused since messages ask for what it has no more; empty for nothing. */
  anyway?: string
  done: (answer: T) => void
  /** What became of it. */
  said: (answer: T) => ReactNode
  children: ReactNode
}

const WATCH_MS = 1_000

/** A file is brought in: how far it is, and what became of its rows. */
export function ImportForm<T>({ label, accept, send, button, ready, anyway = '', done, said, children }: Props<T>) {
  const [file, setFile] = useState<File | null>(null)
  const [sent, setSent] = useState(0)
  const take = useMutation({
    mutationFn: ({ chosen, all = false }: { chosen: File; all?: boolean }) => {
      setSent(0)
      return send({ ...(all ? { allow_unknown: true } : {}), name: chosen.name }, chosen, setSent)
    },
    onSuccess: (answer) => {
      setFile(null)
      done(answer)
    },
  })
  const reading = useQuery({ ...overview, enabled: take.isPending && sent >= 1, refetchInterval: WATCH_MS })
  const missed = anyway !== '' && take.error instanceof Refusal && take.error.code === 'breaks_others'
  const loading = take.isPending ? reading.data?.loading : null
  return (
    <form
      className={styles.importing}
      onSubmit={(event) => {
        event.preventDefault()
        if (file) take.mutate({ chosen: file })
      }}
    >
      <div className={styles.languages}>
        {children}
        <FileInput size="xs" label={label} accept={accept} w={240} value={file} onChange={setFile} placeholder={t('Choose a file')} clearable clearButtonProps={{ 'aria-label': t('Clear') }} />
        <Button type="submit" variant="filled" disabled={!ready || file === null} loading={take.isPending}>
          {button}
        </Button>
      </div>
      {take.isPending && (loading ? <LoadingStrip loading={loading} /> : <p role="status">{sent < 1 ? t('{{share}} of the file has gone out', { share: percent(sent, 0) }) : t('The server reads it')}</p>)}
      {take.isError && (
        <div className={styles.bad} role="alert">
          <p>
            {t('Nothing was brought in.')} {take.error.message} {take.error instanceof Refusal && !missed ? take.error.hint : ''}
          </p>
          {missed && file && (
            <Button size="compact-xs" mt={6} onClick={() => take.mutate({ chosen: file, all: true })}>
              {anyway}
            </Button>
          )}
        </div>
      )}
      {take.data !== undefined && !take.isPending && <div role="status">{said(take.data)}</div>}
    </form>
  )
}
