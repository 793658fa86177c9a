import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import type { Parent } from '~/parts/States'
import styles from './TopBar.module.css'

// Few pages have them, and none has to wait for them.
const Teamwork = lazy(() => import('~/parts/teamwork/Teamwork'))
const ApprovalStrip = lazy(() => import('~/parts/teamwork/ApprovalStrip'))

interface Props {
  title: string
  parent?: Parent
  /** What people work on together here, `journey:cart-rescue`: who else is here, what they say, what waits. */
  about?: string
  /** Chips and marks beside the title. */
  beside?: ReactNode
  /** Actions at the end; at most one of them is ink. */
  children?: ReactNode
}

export function TopBar({ title, parent, about, beside, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
  return (
    <>
      <header className={styles.bar}>
        <div className={styles.crumbs}>
          {parent && (
            <>
              <Link to={parent.to} className={styles.crumb}>
                {parent.label}
              </Link>
              <span className={styles.slash} aria-hidden="true">
                /
              </span>
            </>
          )}
          <h1 className="cut">{title}</h1>
          {beside}
        </div>
        <div className={styles.actions}>
          {about && (
            <Suspense>
              <Teamwork about={about} />
            </Suspense>
          )}
          {children}
        </div>
      </header>
      {about && (
        <Suspense>
          <ApprovalStrip about={about} />
        </Suspense>
      )}
    </>
  )
}
