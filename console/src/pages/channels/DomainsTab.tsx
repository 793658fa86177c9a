import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { connections as connectionsQuery, emailDomains } from '~/api/channels'
import { post, Refusal } from '~/api/client'
import type { EmailDomain } from '~/api/types'
import { CopyButton } from '~/parts/CopyButton'
import { LetterDrawing } from '~/parts/Drawings'
import { Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { declared } from '~/words/declared'
import { t } from '~/words/language'
import styles from './ChannelsPage.module.css'

/** The domains mail is sent from, and what is to stand in their DNS. */
export function DomainsTab() {
  const query = useQuery(emailDomains)
  return (
    <div className={styles.sections}>
      <NewDomain />
      <Answered query={query} what={t('The domains did not load')}>
        {(domains) =>
          domains.length > 0 ? (
            domains.map((each) => <Domain key={each.domain} domain={each} />)
          ) : (
            <div className={pageStyles.card}>
              <Empty title={t('No domain is set up yet')} drawing={<LetterDrawing />}>
                {t('Receivers ask the DNS whether mail may come from a domain; set one up to be believed.')}
              </Empty>
            </div>
          )
        }
      </Answered>
    </div>
  )
}

function NewDomain() {
  const client = useQueryClient()
  const mail = useQuery(connectionsQuery).data?.connections.filter(({ medium }) => medium === 'email') ?? []
  const [domain, setDomain] = useState('')
  const [connection, setConnection] = useState<string | null>(null)
  const make = useMutation({
    mutationFn: () => post<EmailDomain>('/api/email-domains', { domain: domain.trim(), ...(connection ? { connection } : {}) }),
    onSuccess: () => {
      setDomain('')
      return client.invalidateQueries({ queryKey: emailDomains.queryKey })
    },
  })
  return (
    <section>
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <TextInput label={t('Domain')} placeholder={'shop.example'} w={220} value={domain} onChange={(event) => setDomain(event.currentTarget.value)} />
        {mail.length > 0 && <Select label={t('Sent by')} placeholder={t('The one that carries mail')} w={220} data={mail.map(({ name }) => name)} value={connection} onChange={setConnection} />}
        <Button type="submit" variant="filled" disabled={!domain.trim()} loading={make.isPending}>
          {t('Make keys')}
        </Button>
      </form>
      <p className="quiet">{t('Made again for a domain, new keys take the place of the old ones: put them into the DNS before long.')}</p>
      {make.isError && (
        <p className={styles.bad} role="alert">
          {t('No keys were made.')} {make.error.message} {make.error instanceof Refusal ? make.error.hint : ''}
        </p>
      )}
    </section>
  )
}

function Domain({ domain }: { domain: EmailDomain }) {
  return (
    <Section title={domain.domain} note={t('Sent by {{connection}}. Put these records into its DNS.', { connection: domain.connection })}>
      <div className={table.block} tabIndex={0} role="region" aria-label={t('DNS records of {{domain}}', { domain: domain.domain })}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t('Kind')}</th>
              <th scope="col">{t('Name')}</th>
              <th scope="col">{t('Value')}</th>
              <th scope="col">{t('What for')}</th>
              <th scope="col">
                <span className="unseen">{t('Copy')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {domain.records.map((record) => (
              <tr key={`${record.kind} ${record.name} ${record.value}`}>
                <td>{record.kind}</td>
                <td className="mono">{record.name}</td>
                <td className="mono">
                  <span className={styles.value} title={record.value}>
                    {record.value}
                  </span>
                </td>
                <td className="quiet">{declared(record.why)}</td>
                <td className={table.number}>
                  <CopyButton text={() => record.value} label={t('Copy value')} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <CopyButton text={() => domain.records.map(({ zone_line }) => zone_line).join('\n')} label={t('Copy all as zone lines')} />
    </Section>
  )
}
