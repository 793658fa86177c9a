import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { saved, type SavedKind, savedVersions } from '~/api/channels'
import { post, route } from '~/api/client'
import { JsonText } from '~/parts/JsonText'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import styles from './TemplatePage.module.css'

/** Every version, newest first. One that is saved again becomes the newest; none is ever changed. */
export function VersionsTab({ kind, id, newest }: { kind: SavedKind; id: string; newest: number }) {
  const client = useQueryClient()
  const query = useQuery(savedVersions(kind, id))
  const [looked, setLooked] = useState<number | null>(null)
  const restore = useMutation({
    mutationFn: (version: number) => post(route`/api/${kind}s/${id}/restore`, { version }),
    onSuccess: () => client.invalidateQueries({ queryKey: [`${kind}s`] }),
  })
  return (
    <Answered query={query} what={t('The versions did not load')}>
      {(versions) => (
        <ul className={styles.versions}>
          {versions.map((each) => (
            <li key={each.version}>
              <p>
                <b>v{each.version}</b> <span className="quiet">{each.deleted ? t('deleted') : each.by}</span> <Ago at={each.saved_at} />
                {!each.deleted && (
                  <Button variant="subtle" aria-expanded={looked === each.version} onClick={() => setLooked(looked === each.version ? null : each.version)}>
                    {t('Look')}<span className="unseen"> {t('at version {{version}}', { version: String(each.version) })}</span>
                  </Button>
                )}
                {!each.deleted && each.version !== newest && (
                  <Button variant="subtle" disabled={restore.isPending} onClick={() => restore.mutate(each.version)}>
                    {t('Save again')}<span className="unseen"> {t('version {{version}}', { version: String(each.version) })}</span>
                  </Button>
                )}
              </p>
              {looked === each.version && <Version kind={kind} id={id} version={each.version} />}
            </li>
          ))}
          {restore.isError && <li className={styles.bad}>{t('Not restored.')} {restore.error.message}</li>}
        </ul>
      )}
    </Answered>
  )
}

function Version({ kind, id, version }: { kind: SavedKind; id: string; version: number }) {
  const query = useQuery(saved(kind, id, version))
  return (
    <Answered query={query} what={t('This version did not load')}>
      {(found) => <JsonText label={t('Version {{version}}', { version: String(version) })} value={found.definition} />}
    </Answered>
  )
}
