import { Button, Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, RotateCw } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { Refusal } from '~/api/client'
import type { Permission } from '~/api/may'
import { SieveDrawing } from '~/parts/Drawings'
import { capital } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './States.module.css'

/** Under this nothing is shown: a flash of grey is worse than a short wait. */
const PATIENCE_MS = 150

function usePatience(): boolean {
  const [over, setOver] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return over
}

/** Grey bars of the size the answer will have. */
export function Waiting({ rows = 6, height = 40 }: { rows?: number; height?: number }) {
  const over = usePatience()
  return (
    <div className={styles.waiting} aria-busy="true" aria-label={t('Loading')} role="status">
      {over && Array.from({ length: rows }, (_, i) => <Skeleton key={i} height={height - 12} radius={8} animate={false} />)}
    </div>
  )
}

/** Needed by few readers, and it says who can help: loaded only then. */
const NeedsMore = lazy(() => import('./NeedsMore').then((found) => ({ default: found.NeedsMore })))

interface FailedProps {
  /** What did not load, as a sentence: "The people did not load". */
  what: string
  error: Error
  retry?: () => void
}

export function Failed({ what, error, retry }: FailedProps) {
  const refusal = error instanceof Refusal ? error : null
  if (refusal?.status === 403 && typeof refusal.told['needs'] === 'string') {
    return (
      <Suspense fallback={<Waiting />}>
        <NeedsMore needs={refusal.told['needs'] as Permission} />
      </Suspense>
    )
  }
  return (
    <div className={styles.state} role="alert">
      <CircleAlert className={styles.bad} size={22} aria-hidden="true" />
      <h2>{what}</h2>
      <p>
        {error.message} {refusal?.hint ?? ''}
      </p>
      <div className={styles.actions}>
        {retry && (
          <Button leftSection={<RotateCw size={14} />} onClick={retry}>
            {t('Try again')}
          </Button>
        )}
        <code className="faint">{refusal ? `${refusal.status} ${refusal.code}` : t('no answer')}</code>
      </div>
    </div>
  )
}

/** The list a page of one thing belongs to. */
export interface Parent {
  to: '/people' | '/segments' | '/insights' | '/boards' | '/journeys' | '/campaigns' | '/content' | '/experiments'
  label: string
}

interface MissingProps {
  /** What is not there, as a sentence: "There is no segment 'vip'." */
  said: string
  /** Where one like it can be looked for. */
  parent?: Parent | undefined
}

/** What was asked for is not there: asking again would not help. */
export function Missing({ said, parent }: MissingProps) {
  return (
    <Empty
      title={capital(said.replace(/\.$/, ''))}
      drawing={<SieveDrawing />}
      actions={
        parent && (
          <Link to={parent.to} className="link">
            {t('Open the list: {{list}}', { list: parent.label })}
          </Link>
        )
      }
    >
      {t('It may be gone, or a letter of the address is missing.')}
    </Empty>
  )
}

interface EmptyProps {
  title: string
  children: ReactNode
  drawing?: ReactNode
  actions?: ReactNode
}

export function Empty({ title, children, drawing, actions }: EmptyProps) {
  return (
    <div className={styles.state}>
      {drawing}
      <h2>{title}</h2>
      <p>{children}</p>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}

/** The server says that what was asked for is not there. */
export const isMissing = (error: Error | null): error is Refusal => error instanceof Refusal && error.status === 404

interface AnsweredProps<T> {
  query: UseQueryResult<T, Error>
  what: string
  /** Of the page of one thing: its list, where to go when there is no such thing. */
  parent?: Parent
  waiting?: ReactNode
  children: (data: T) => ReactNode
}

/** Waiting, failed in place, or the answer. Old content stays while a new answer is fetched. */
export function Answered<T>({ query, what, parent, waiting, children }: AnsweredProps<T>) {
  if (query.data !== undefined) return children(query.data)
  if (isMissing(query.error)) return <Missing said={query.error.message} parent={parent} />
  if (query.isError) return <Failed what={what} error={query.error} retry={() => void query.refetch()} />
  return waiting ?? <Waiting />
}
