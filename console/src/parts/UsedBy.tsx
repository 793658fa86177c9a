import { Link } from '@tanstack/react-router'
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import styles from './UsedBy.module.css'

export type Use = Shape<'UseShape'>

const KINDS: Record<Use['kind'], string> = { segment: t('segment'), journey: t('journey'), campaign: t('campaign'), kpi: t('KPI') }

/** Every place where something is used: what uses it, as a link, and where in its definition. */
export function UsedBy({ uses, label }: { uses: Use[]; label: string }) {
  return (
    <ul className={styles.uses} aria-label={label}>
      {uses.map((use) => (
        <li key={`${use.kind} ${use.id} ${use.version ?? ''} ${use.path}`}>
          <Named use={use} />
          <span className="quiet">
            {KINDS[use.kind]}
            {use.version !== null && use.version !== undefined && ` ${t('in version {{version}}, which people are still under way on', { version: use.version })}`}
          </span>
          <code className="quiet">{use.path}</code>
        </li>
      ))}
    </ul>
  )
}

function Named({ use }: { use: Use }) {
  const name = <bdi>{use.name || use.id}</bdi>
  if (use.kind === 'kpi')
    return (
      <Link className="link" to="/insights/$kind" params={{ kind: 'kpis' }}>
        {name}
      </Link>
    )
  return (
    <Link className="link" to={`/${use.kind}s/$id`} params={{ id: use.id }}>
      {name}
    </Link>
  )
}
