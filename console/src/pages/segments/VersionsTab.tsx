import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { segmentVersions } from '~/api/audiences'
import { post, Refusal, route } from '~/api/client'
import { useMay } from '~/api/may'
import type { Json, SavedSegment } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import styles from './Tabs.module.css'

/** Every version that was saved, by whom, and a way back to it; and what uses the segment. */
export function VersionsTab({ saved, onRestored }: { saved: SavedSegment; onRestored: (definition: Json) => void }) {
  const client = useQueryClient()
  const may = useMay()
  const query = useQuery(segmentVersions(saved.id))
  const restore = useMutation({
    mutationFn: (version: number) => post<{ definition: Json }>(route`/api/segments/${saved.id}/restore`, { version }),
    onSuccess: async ({ definition }) => {
      await client.invalidateQueries({ queryKey: ['segments'] })
      await client.invalidateQueries({ queryKey: ['segment-versions', saved.id] })
      onRestored(definition)
    },
  })
  const users = saved.used_by ?? []
  return (
    <div className={styles.tab}>
      {restore.isError && (
        <p role="alert" className={styles.problem}>
          {t('Not restored.')} {restore.error.message} {restore.error instanceof Refusal ? restore.error.hint : ''}
        </p>
      )}
      <Answered query={query} what={t('The versions did not load')}>
        {(versions) => (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Versions')}>
            <table className={tableStyles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('Version')}</th>
                  <th scope="col">{t('In plain words')}</th>
                  <th scope="col">{t('Saved by')}</th>
                  <th scope="col" className={tableStyles.number}>{t('Saved')}</th>
                  <th scope="col"><span className="unseen">{t('What can be done')}</span></th>
                </tr>
              </thead>
              <tbody>
                {versions.map((each, i) => (
                  <tr key={each.version}>
                    <td>
                      {each.version} {i === 0 && <Chip tone="good">{t('now')}</Chip>} {each.deleted && <Chip tone="bad">{t('deleted')}</Chip>}
                    </td>
                    <td className={`${styles.words} quiet`} title={each.words}>{each.words.replace(/\*\*/g, '')}</td>
                    <td className="quiet">{each.by || '–'}</td>
                    <td className={`${tableStyles.number} quiet`}><Ago at={each.saved_at} /></td>
                    <td className={tableStyles.number}>
                      {i > 0 && may('analyses:write') && (
                        <Button size="compact-xs" loading={restore.isPending && restore.variables === each.version} onClick={() => restore.mutate(each.version)}>
                          {t('Restore')}
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Answered>
      <section aria-labelledby="users">
        <h2 id="users">{t('Used by')}</h2>
        {users.length === 0 ? (
          <p className="quiet">{t('Nothing uses it yet.')}</p>
        ) : (
          <ul className={styles.users}>
            {users.map((use) => (
              <li key={`${use.kind} ${use.id} ${use.path}`}>
                {use.kind === 'segment' || use.kind === 'journey' || use.kind === 'campaign' ? (
                  <Link className="link" to={`/${use.kind}s/$id`} params={{ id: use.id }}>
                    {use.name || use.id}
                  </Link>
                ) : (
                  use.name || use.id
                )}{' '}
                <span className="quiet">{use.kind}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}
