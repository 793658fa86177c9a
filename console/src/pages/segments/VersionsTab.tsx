import { Button, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { segmentChange, segmentUsers, segmentVersions } from '~/api/audiences'
import { post, Refusal, route } from '~/api/client'
import { useMay } from '~/api/may'
import type { Json, SavedSegment } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { Changes } from '~/parts/teamwork/Changes'
import { UsedBy } from '~/parts/UsedBy'
import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
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
  const users = useQuery(segmentUsers(saved.id))
  const [looked, setLooked] = useState<number | null>(null)
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
                    <td className={`${styles.words} quiet`} title={plain(each.words)}>{plain(each.words)}</td>
                    <td className="quiet">{each.by || '–'}</td>
                    <td className={`${tableStyles.number} quiet`}><Ago at={each.saved_at} /></td>
                    <td className={tableStyles.number}>
                      {each.version > 1 && (
                        <Button size="compact-xs" variant="subtle" aria-expanded={looked === each.version} onClick={() => setLooked(looked === each.version ? null : each.version)}>
                          {t('What changed')}
                          <span className="unseen"> {t('in version {{version}}', { version: each.version })}</span>
                        </Button>
                      )}{' '}
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
      {looked !== null && <Compared key={looked} id={saved.id} version={looked} others={query.data?.map(({ version }) => version) ?? []} />}
      <section aria-labelledby="users">
        <h2 id="users">{t('Used by')}</h2>
        <Answered query={users} what={t('What uses it did not load')}>
          {(uses) => (uses.length === 0 ? <p className="quiet">{t('Nothing uses it yet.')}</p> : <UsedBy uses={uses} label={t('Used by')} />)}
        </Answered>
      </section>
    </div>
  )
}

/** What a version says otherwise than another: than the one before it, until one is chosen. */
function Compared({ id, version, others }: { id: string; version: number; others: number[] }) {
  const [before, setBefore] = useState(version - 1)
  const query = useQuery(segmentChange(id, before, version))
  const choices = [...new Set([...others, version - 1])].filter((each) => each !== version).sort((one, other) => other - one)
  return (
    <section className={styles.compared} aria-labelledby="compared">
      <h2 id="compared">{t('What version {{version}} changed', { version })}</h2>
      <Select
        label={t('Compared with version')}
        w={180}
        allowDeselect={false}
        data={choices.map((each) => ({ value: String(each), label: String(each) }))}
        value={String(before)}
        onChange={(next) => setBefore(Number(next))}
      />
      <Answered query={query} what={t('The difference did not load')}>
        {(found) => (
          <>
            <dl className={styles.sentences}>
              <div>
                <dt>{t('Before')}</dt>
                <dd>{plain(found.before.words)}</dd>
              </div>
              <div>
                <dt>{t('After')}</dt>
                <dd>{plain(found.after.words)}</dd>
              </div>
            </dl>
            <Changes changes={found.differences} />
          </>
        )}
      </Answered>
    </section>
  )
}

const plain = (words: string) => toldGroup(words.replace(/\*\*/g, ''))
