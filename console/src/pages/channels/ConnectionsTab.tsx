import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { connections as connectionsQuery } from '~/api/channels'
import { useMay } from '~/api/may'
import type { Connection, Connections } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { LetterDrawing } from '~/parts/Drawings'
import { MediumIcon } from '~/parts/MediumIcon'
import { Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { declared } from '~/words/declared'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './ChannelsPage.module.css'
import { ConnectionDialog } from './ConnectionDialog'
import { ForgetDialog } from './ForgetDialog'
import { ResealDialog } from './ResealDialog'
import { TrialDialog } from './TrialDialog'

type Open = { what: 'new' | 'reseal' } | { what: 'change' | 'try' | 'forget'; of: Connection } | null

/** Every provider that is set up, and what becomes of each channel's messages. */
export function ConnectionsTab() {
  const query = useQuery(connectionsQuery)
  const mayWrite = useMay()('settings:write')
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  return (
    <div className={styles.sections}>
      <Answered query={query} what={t('The connections did not load')}>
        {(data) => (
          <>
            <section>
              <div className={styles.head}>
                <div>
                  <h2>{t('Connections')}</h2>
                  <p className="quiet">{t('A provider with its settings. Secrets are sealed, and never shown again.')}</p>
                </div>
                {mayWrite && (
                  <div className={styles.row}>
                    {data.connections.some(({ secrets }) => Object.values(secrets).some(Boolean)) && (
                      <Button leftSection={<KeyRound size={14} />} onClick={() => setOpen({ what: 'reseal' })}>
                        {t('Seal secrets anew')}
                      </Button>
                    )}
                    <Button variant="filled" leftSection={<Plus size={14} />} onClick={() => setOpen({ what: 'new' })}>
                      {t('Add connection')}
                    </Button>
                  </div>
                )}
              </div>
              {data.connections.length > 0 ? (
                <ConnectionTable connections={data.connections} open={mayWrite ? setOpen : null} />
              ) : (
                <div className={pageStyles.card}>
                  <Empty title={t('No provider is set up yet')} drawing={<LetterDrawing />}>
                    {t('Until one is, messages go as the table below says.')}
                  </Empty>
                </div>
              )}
            </section>
            <Carried carried={data.carried} />
          </>
        )}
      </Answered>
      {open?.what === 'reseal' && <ResealDialog close={close} />}
      {open?.what === 'new' && <ConnectionDialog close={close} />}
      {open?.what === 'change' && <ConnectionDialog connection={open.of} close={close} />}
      {open?.what === 'try' && <TrialDialog connection={open.of} close={close} />}
      {open?.what === 'forget' && <ForgetDialog connection={open.of} close={close} />}
    </div>
  )
}

function ConnectionTable({ connections, open }: { connections: Connection[]; open: ((open: Open) => void) | null }) {
  return (
    <div className={table.block} tabIndex={0} role="region" aria-label={t('Connections')}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col">{t('Channel')}</th>
            <th scope="col">{t('Provider')}</th>
            <th scope="col">{t('State')}</th>
            <th scope="col">
              <span className="unseen">{t('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {connections.map((each) => (
            <tr key={each.name}>
              <td className={table.name}>{each.name}</td>
              <td>
                <Channel medium={each.medium} />
              </td>
              <td className="quiet">{declared(each.label)}</td>
              <td>
                {each.problem ? (
                  <Chip tone="bad" dot>
                    <span title={each.problem}>{t('not usable: {{problem}}', { problem: each.problem.slice(0, 60) })}</span>
                  </Chip>
                ) : each.default ? (
                  <Chip tone="good" dot>
                    {t('carries {{channel}}', { channel: channelName(each.medium) })}
                  </Chip>
                ) : (
                  <Chip dot>{t('stands by')}</Chip>
                )}
              </td>
              <td className={table.number}>
                {open && (
                  <>
                    <Button variant="subtle" onClick={() => open({ what: 'try', of: each })}>
                      {t('Test')}<span className="unseen"> {each.name}</span>
                    </Button>
                    <Button variant="subtle" onClick={() => open({ what: 'change', of: each })}>
                      {t('Change')}<span className="unseen"> {each.name}</span>
                    </Button>
                    <Button variant="subtle" onClick={() => open({ what: 'forget', of: each })}>
                      {t('Forget')}<span className="unseen"> {each.name}</span>
                    </Button>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const BY: Record<Connections['carried'][number]['by'], string> = {
  connection: t('By the connection'),
  settings: t('As the settings of the server say'),
  mailbox: t('Kept in the built-in mailbox; nothing leaves'),
  inbox: t('Put down for the person’s app to fetch'),
  nothing: t('Wait for a connection'),
}

function Carried({ carried }: { carried: Connections['carried'] }) {
  return (
    <Section title={t('What becomes of each channel’s messages')}>
      <div className={table.block} tabIndex={0} role="region" aria-label={t('Channels')}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t('Channel')}</th>
              <th scope="col">{t('Its messages')}</th>
            </tr>
          </thead>
          <tbody>
            {carried.map(({ medium, by, connection }) => (
              <tr key={medium}>
                <td>
                  <Channel medium={medium} />
                </td>
                <td className="quiet">
                  {BY[by]} {connection && <b>{connection}</b>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}

export function Channel({ medium }: { medium: string }) {
  return (
    <span className={styles.channel}>
      <MediumIcon medium={medium} /> {channelName(medium)}
    </span>
  )
}
