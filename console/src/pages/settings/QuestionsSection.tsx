import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { remove, route } from '~/api/client'
import { questionsUnderWay } from '~/api/settings'
import { Section } from '~/parts/Page'
import { Answered, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { duration } from '~/words/moments'
import { bytes, percent } from '~/words/numbers'
import styles from './Settings.module.css'

/** What is being asked of the history at this moment; a question that takes too much is called off. */
export function QuestionsSection() {
  const client = useQueryClient()
  // Whoever looks at another tab of the settings asks nothing here.
  const { tab } = getRouteApi('/settings').useSearch()
  const query = useQuery({ ...questionsUnderWay, enabled: tab === 'health' })
  const off = useMutation({
    mutationFn: (id: string) => remove<null>(route`/api/queries/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: questionsUnderWay.queryKey }),
  })
  return (
    <Section title={t('Questions under way')} note={t('Whoever asked one that is called off is told so, and nothing else ends.')}>
      {off.isError && (
        <p className={styles.bad} role="alert">
          {t('Not called off.')} {off.error.message}
        </p>
      )}
      <Answered query={query} what={t('The questions did not load')} waiting={<Waiting rows={1} />}>
        {(asked) =>
          asked.length === 0 ? (
            <p className="quiet">{t('Nothing is being asked of the history.')}</p>
          ) : (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Questions under way')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Question')}</th>
                    <th scope="col" className={tableStyles.number}>
                      {t('For')}
                    </th>
                    <th scope="col" className={tableStyles.number}>
                      {t('Read')}
                    </th>
                    <th scope="col" className={tableStyles.number}>
                      {t('Memory')}
                    </th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {asked.map((each) => (
                    <tr key={each.id}>
                      <td className="mono">{each.words}</td>
                      <td className={tableStyles.number}>{duration(each.elapsed_ms / 1000)}</td>
                      <td className={tableStyles.number}>{percent(each.progress, 0)}</td>
                      <td className={tableStyles.number}>{bytes(each.memory_bytes)}</td>
                      <td className={tableStyles.number}>
                        <Button variant="subtle" loading={off.isPending && off.variables === each.id} onClick={() => off.mutate(each.id)}>
                          {t('Call off')}
                          <span className="unseen"> {each.words}</span>
                        </Button>
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
