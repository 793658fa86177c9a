import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { post } from '~/api/client'
import type { Identity, IdentityLink, Person } from '~/api/types'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import styles from './PersonPage.module.css'

const KINDS: Record<string, string> = { user: t('user'), anonymous: t('anonymous') }
const LINKS: Record<IdentityLink['kind'], string> = { login: t('login'), alias: t('alias'), merge: t('merge') }

const same = (identity: Identity) => `${identity.kind}/${identity.value}`

/** Every name this person is known by, and the links that hold them together. Each link can be undone. */
export function IdentitiesSection({ id, person }: { id: string; person: Person }) {
  const client = useQueryClient()
  const unmerge = useMutation({
    mutationFn: (link: IdentityLink) => post('/api/people/unmerge', { link_id: link.id }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['person', id] }),
        client.invalidateQueries({ queryKey: ['timeline', id] }),
        client.invalidateQueries({ queryKey: ['people'] }),
      ]),
  })
  return (
    <section className={styles.section}>
      <h2>{t('Identities')}</h2>
      <ul className={styles.identities}>
        {person.identities.map((identity) => (
          <li key={same(identity)} className={styles.identity}>
            <code title={identity.value}>{identity.value}</code>
            <span className={styles.kind}>{KINDS[identity.kind] ?? identity.kind}</span>
          </li>
        ))}
      </ul>
      {person.links.length > 0 && <h3 className={styles.subheading}>{t('Joined by')}</h3>}
      <ul className={styles.identities}>
        {person.links.map((link) => (
          <LinkLine key={link.id} link={link} undo={() => unmerge.mutate(link)} busy={unmerge.isPending} />
        ))}
      </ul>
      {unmerge.isError && (
        <p className={styles.problem} role="alert">
          {t('Not taken apart.')} {unmerge.error.message}
        </p>
      )}
    </section>
  )
}

function LinkLine({ link, undo, busy }: { link: IdentityLink; undo: () => void; busy: boolean }) {
  return (
    <li className={styles.linkline}>
      <code className="cut" title={`${link.first.value} ↔ ${link.second.value}`}>
        {link.first.value} ↔ {link.second.value}
      </code>
      <div>
        {/* A login and an alias are by an event, the id of which says something to programmers alone. */}
        <span className="quiet" title={link.kind === 'merge' ? undefined : link.by}>
          {LINKS[link.kind]}
          {link.by && link.kind === 'merge' ? ` ${t('by {{who}}', { who: link.by })}` : ''}, <Ago at={link.at} />
        </span>
        {link.undone_at ? (
          <span className="quiet">{t('undone')}</span>
        ) : (
          <Button variant="subtle" onClick={undo} disabled={busy}>
            {t('Take apart')}
            <span className="unseen"> {link.second.value}</span>
          </Button>
        )}
      </div>
    </li>
  )
}
