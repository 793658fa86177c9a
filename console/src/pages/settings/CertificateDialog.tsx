import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Erasure, erasure } from '~/api/privacy'
import type { Shape } from '~/api/shape'
import { CopyButton } from '~/parts/CopyButton'
import { Dialog } from '~/parts/Dialog'
import { Answered } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { full } from '~/words/moments'
import { count } from '~/words/numbers'
import { readable } from '~/words/people'
import styles from './Settings.module.css'

/** One erasure: what was looked for in each store, what was removed, and what a search found afterwards. */
export function CertificateDialog({ id, close }: { id: string; close: () => void }) {
  const query = useQuery(erasure(id))
  return (
    <Dialog onClose={close} title={t('Certificate {{id}}', { id })} size={720}>
      <div className={styles.form}>
        <Answered query={query} what={t('The certificate did not load')}>
          {(found) => <Certificate found={found} />}
        </Answered>
        <div className={styles.actions}>
          {query.data && <CopyButton label={t('Copy as JSON')} text={() => JSON.stringify(query.data, null, 2)} />}
          <Button variant="filled" onClick={close}>
            {t('Done')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function Certificate({ found }: { found: Erasure }) {
  const facts: [string, string][] = [
    [t('Asked for'), `${full(found.requested_at)}${found.by ? `, ${found.by}` : ''}`],
    [t('Done'), found.done_at ? full(found.done_at) : t('still under way')],
    [t('Ids they had'), count(found.names.length)],
    [t('Messages of others that mention them'), count(found.mentioned)],
    ...(found.log_gone_by ? [[t('Gone from the log by'), full(found.log_gone_by)] as [string, string]] : []),
  ]
  return (
    <>
      {found.problem && (
        <p className={styles.bad} role="alert">
          {found.problem}
        </p>
      )}
      <dl className={styles.facts}>
        {facts.map(([term, said]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{said}</dd>
          </div>
        ))}
        <div>
          <dt>{t('Seal')}</dt>
          <dd className="mono">{found.seal || '–'}</dd>
        </div>
      </dl>
      {found.steps.length > 0 && (
        <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('What was removed')}>
          <table className={tableStyles.table} data-dense>
            <thead>
              <tr>
                <th scope="col">{t('Where')}</th>
                <th scope="col">{t('Removed')}</th>
                <th scope="col">{t('Looked for')}</th>
              </tr>
            </thead>
            <tbody>
              {found.steps.map((step) => (
                <tr key={`${step.store} ${step.looked_for}`}>
                  <td>{readable(step.store)}</td>
                  <td>{amounts(step.removed)}</td>
                  <td className="quiet">{step.looked_for}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Found found={found.verified} label={t('What a search found afterwards')} />
    </>
  )
}

/** What a search of every store found. */
export function Found({ found, label }: { found: Shape<'FoundShape'>[]; label: string }) {
  if (found.length === 0) return null
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={label}>
      <table className={tableStyles.table} data-dense>
        <thead>
          <tr>
            <th scope="col">{t('Where')}</th>
            <th scope="col">{t('Found')}</th>
            <th scope="col">{t('Looked for')}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((each) => (
            <tr key={`${each.store} ${each.looked_for}`}>
              <td>{readable(each.store)}</td>
              <td>{amounts(each.found)}</td>
              <td className="quiet">{each.looked_for}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** "3 events, 1 links"; what there was none of is not said. */
function amounts(many: Record<string, number>): string {
  const said = Object.entries(many).filter(([, each]) => each > 0)
  return said.length === 0 ? t('nothing') : said.map(([name, each]) => `${readable(name)}: ${count(each)}`).join(', ')
}
