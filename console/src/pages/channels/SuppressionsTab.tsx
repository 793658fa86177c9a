import { Button, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { suppressed, suppressions as suppressionsQuery } from '~/api/channels'
import { post } from '~/api/client'
import { useMay } from '~/api/may'
import { CheckedDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, Failed, Waiting } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { CHANNEL_NAMES, channelName } from '~/words/happenings'
import { t } from '~/words/language'
import styles from './ChannelsPage.module.css'
import { Channel } from './ConnectionsTab'

/** Addresses to which nothing goes, whoever asks. */
export function SuppressionsTab() {
  const client = useQueryClient()
  const may = useMay()
  const [channel, setChannel] = useState('')
  const query = useInfiniteQuery(suppressionsQuery(channel))
  const rows = query.data?.pages.flatMap((page) => page.suppressions) ?? []
  const lift = useMutation({
    mutationFn: (wish: { channel: string; address: string }) => post('/api/suppressions/lift', wish),
    onSuccess: () => client.invalidateQueries({ queryKey: ['suppressions'] }),
  })
  return (
    <div className={styles.sections}>
      <LookUp />
      {may('people:write') && <NewSuppression />}
      <section>
        <div className={styles.row}>
          <Select
            label={t('Channel')}
            w={220}
            data={[{ value: '', label: t('Every channel') }, ...CHANNEL_NAMES.map((value) => ({ value, label: channelName(value) }))]}
            value={channel}
            onChange={(value) => setChannel(value ?? '')}
          />
        </div>
        {lift.isError && (
          <p className={styles.bad} role="alert">
            {t('Not lifted.')} {lift.error.message}
          </p>
        )}
        {query.isPending ? (
          <Waiting />
        ) : query.isError ? (
          <Failed what={t('The suppressions did not load')} error={query.error} retry={() => void query.refetch()} />
        ) : rows.length === 0 ? (
          <div className={pageStyles.card}>
            <Empty title={channel ? t('No address is suppressed on {{channel}}', { channel: channelName(channel) }) : t('No address is suppressed')} drawing={<CheckedDrawing />}>
              {t('Bounces, complaints and STOP put some here by themselves.')}
            </Empty>
          </div>
        ) : (
          <div className={table.block} tabIndex={0} role="region" aria-label={t('Suppressed addresses')}>
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">{t('Address')}</th>
                  <th scope="col">{t('Channel')}</th>
                  <th scope="col">{t('Reason')}</th>
                  <th scope="col">{t('Since')}</th>
                  <th scope="col">
                    <span className="unseen">{t('Actions')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((each) => (
                  <tr key={`${each.channel} ${each.address}`}>
                    <td className={table.name}>{each.address}</td>
                    <td>
                      <Channel medium={each.channel} />
                    </td>
                    <td className="quiet">{reasonWords(each.reason)}</td>
                    <td className="quiet">
                      <Ago at={each.at} />
                    </td>
                    <td className={table.number}>
                      {may('people:write') && !each.address.startsWith('erased:') && (
                        <Button variant="subtle" disabled={lift.isPending} onClick={() => lift.mutate({ channel: each.channel, address: each.address })}>
                          {t('Lift')}<span className="unseen"> {each.address}</span>
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('Show earlier ones')}</Button>}
      </section>
    </div>
  )
}

const REASONS: Record<string, string> = {
  bounced: t('it bounced'),
  unreachable: t('nobody is reached there'),
  complained: t('they complained of a message'),
  unsubscribed: t('they unsubscribed'),
  by_hand: t('put here by hand'),
}

const reasonWords = (reason: string) => REASONS[reason] ?? reason.replace(/_/g, ' ')

/** "Why does she get nothing": whether an address may be written to, as the gate is told. */
function LookUp() {
  const [channel, setChannel] = useState('email')
  const [to, setTo] = useState('')
  const [asked, setAsked] = useState<{ channel: string; to: string } | null>(null)
  return (
    <section>
      <p className="quiet">{t('Does somebody get nothing? See whether their address is suppressed.')}</p>
      <form
        className={styles.row}
        aria-label={t('Look an address up')}
        onSubmit={(event) => {
          event.preventDefault()
          if (to.trim()) setAsked({ channel, to: to.trim() })
        }}
      >
        <Select label={t('Channel to look on')} w={160} data={CHANNEL_NAMES.map((value) => ({ value, label: channelName(value) }))} value={channel} onChange={(value) => setChannel(value ?? 'email')} />
        <TextInput label={t('Address to look up')} w={280} maxLength={320} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        <Button type="submit" disabled={!to.trim()}>
          {t('Look up')}
        </Button>
      </form>
      {asked && <Found key={`${asked.channel} ${asked.to}`} {...asked} />}
    </section>
  )
}

function Found({ channel, to }: { channel: string; to: string }) {
  const query = useQuery(suppressed(channel, to))
  return (
    <Answered query={query} what={t('The address was not looked up')} waiting={<Waiting rows={1} />}>
      {(found) => (
        <p className={styles.said} data-good={!found.suppressed || undefined} role="status">
          {found.suppressed
            ? t('Nothing goes to {{address}} on {{channel}}: {{reason}}.', { address: to, channel: channelName(channel), reason: reasonWords(found.reason) })
            : t('{{address}} is not suppressed on {{channel}}. Whether a message came through, and what held it up, is on the person’s page, under “Why a message”.', { address: to, channel: channelName(channel) })}
        </p>
      )}
    </Answered>
  )
}

function NewSuppression() {
  const client = useQueryClient()
  const [channel, setChannel] = useState('email')
  const [address, setAddress] = useState('')
  const add = useMutation({
    mutationFn: () => post('/api/suppressions', { channel, address: address.trim() }),
    onSuccess: () => {
      setAddress('')
      return client.invalidateQueries({ queryKey: ['suppressions'] })
    },
  })
  return (
    <section>
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate()
        }}
      >
        <Select label={t('On')} w={160} data={CHANNEL_NAMES.map((value) => ({ value, label: channelName(value) }))} value={channel} onChange={(value) => setChannel(value ?? 'email')} />
        <TextInput label={t('Address never to write to')} w={280} value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
        <Button type="submit" variant="filled" disabled={!address.trim()} loading={add.isPending}>
          {t('Suppress')}
        </Button>
      </form>
      {add.isError && (
        <p className={styles.bad} role="alert">
          {t('Not suppressed.')} {add.error.message}
        </p>
      )}
    </section>
  )
}
