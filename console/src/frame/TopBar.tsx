import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import styles from './TopBar.module.css'

interface Props {
  title: string
  /** The list this page belongs to. */
  parent?: { to: '/people' | '/segments' | '/insights' | '/journeys' | '/campaigns' | '/content' | '/experiments'; label: string }
  /** Chips and marks beside the title. */
  beside?: ReactNode
  /** Actions at the end; at most one of them is ink. */
  children?: ReactNode
}

export function TopBar({ title, parent, beside, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
  return (
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
      <div className={styles.actions}>{children}</div>
    </header>
  )
}
