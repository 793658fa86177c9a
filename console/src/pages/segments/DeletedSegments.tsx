import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { deletedSegments } from '~/api/audiences'
import { post, route } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { Ago } from '~/parts/Moment'
import { Section } from '~/parts/Page'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import styles from './SegmentsPage.module.css'

/** What was deleted, and a way back: as the next version of what it said last. */
export function DeletedSegments() {
  const client = useQueryClient()
  const query = useQuery(deletedSegments)
  const allowed = useMay()('analyses:write')
  const restore = useMutation({
    mutationFn: (id: string) => post<Shape<'SegmentShape'>>(route`/api/segments/${id}/restore`, {}),
    onSuccess: () => client.invalidateQueries({ queryKey: ['segments'] }),
  })
  return (
    <Section title={t('Deleted segments')} note={t('Each can be restored as it was last.')}>
      {restore.isError && (
        <p className={styles.problem} role="alert">
          {t('Not restored.')} {restore.error.message}
        </p>
      )}
      {restore.data && <p role="status">{t('“{{name}}” is back.', { name: restore.data.name })}</p>}
      <Answered query={query} what={t('The deleted segments did not load')}>
        {(gone) =>
          gone.length === 0 ? (
            <p className="quiet">{t('No segment is deleted.')}</p>
          ) : (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Deleted segments')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Name')}</th>
                    <th scope="col">{t('In plain words')}</th>
                    <th scope="col" className={tableStyles.number}>{t('Deleted')}</th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {gone.map((segment) => (
                    <tr key={segment.id}>
                      <td className={tableStyles.name}>
                        <bdi>{segment.name}</bdi>
                      </td>
                      <td className={`${styles.words} quiet`} title={toldGroup(segment.words)}>
                        {toldGroup(segment.words)}
                      </td>
                      <td className={`${tableStyles.number} quiet`}>
                        <Ago at={segment.updated_at} />
                      </td>
                      <td className={tableStyles.number}>
                        {allowed && (
                          <Button variant="subtle" disabled={restore.isPending} onClick={() => restore.mutate(segment.id)}>
                            {t('Restore')}
                            <span className="unseen"> {segment.name}</span>
                          </Button>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answered>
    </Section>
  )
}
