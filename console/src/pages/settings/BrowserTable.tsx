import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Account, type Browser, browsers, endBrowser, endBrowsers } from '~/api/accounts'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { deviceWords } from './devices'
import styles from './Settings.module.css'

/** Where somebody is signed in; without an account, oneself. */
export function BrowserTable({ account }: { account: Account | null }) {
  const client = useQueryClient()
  const id = account?.id ?? null
  const query = useQuery(browsers(id))
  const settled = () => client.invalidateQueries({ queryKey: ['browsers'] })
  const end = useMutation({ mutationFn: (session: string) => endBrowser(id, session), onSettled: settled })
  const endAll = useMutation({ mutationFn: () => endBrowsers(id), onSettled: settled })
  const failed = end.error ?? endAll.error
  return (
    <Answered query={query} what={t('The sessions did not load')}>
      {(found) =>
        found.length === 0 ? (
          <p className="quiet">{t('They are signed in nowhere.')}</p>
        ) : (
          <div className={styles.stack}>
            {failed && (
              <p className={styles.bad} role="alert">
                {t('Not signed out.')} {failed.message}
              </p>
            )}
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Sessions')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Browser')}</th>
                    <th scope="col">{t('Address')}</th>
                    <th scope="col">{t('Since')}</th>
                    <th scope="col">{t('Last seen')}</th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {found.map((each) => (
                    <Row key={each.id} value={each} end={() => end.mutate(each.id)} ending={end.isPending && end.variables === each.id} />
                  ))}
                </tbody>
              </table>
            </div>
            {found.some(({ current }) => !current) && (
              <div>
                <Button loading={endAll.isPending} onClick={() => endAll.mutate()}>
                  {account ? t('Sign {{email}} out everywhere', { email: account.email }) : t('Sign every other browser out')}
                </Button>
              </div>
            )}
          </div>
        )
      }
    </Answered>
  )
}

function Row({ value, end, ending }: { value: Browser; end: () => void; ending: boolean }) {
  const device = deviceWords(value.device)
  return (
    <tr>
      <td className={tableStyles.name} title={value.device}>
        {device} {value.current && <Chip tone="good">{t('this one')}</Chip>}
      </td>
      <td className="mono quiet">{value.address}</td>
      <td className="quiet">
        <Ago at={value.created_at} />
      </td>
      <td className="quiet">
        <Ago at={value.last_seen_at} />
      </td>
      <td className={tableStyles.number}>
        {!value.current && (
          <Button variant="subtle" loading={ending} onClick={end}>
            {t('Sign out')}<span className="unseen"> {device}</span>
          </Button>
        )}
      </td>
    </tr>
  )
}
