import { Button } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { segmentOverlap } from '~/api/audiences'
import { run as runQuery, runs } from '~/api/queries'
import type { Json, Run } from '~/api/types'
import { isLive } from '~/parts/Chip'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import type { Definition } from '../runs/editor/draft'
import builder from '../segments/SegmentBuilder.module.css'
import styles from './Composer.module.css'
import { audienceOf } from './meaning'
import { messageOf } from './Outlook'
import { reachFor } from './questions'

/** How many of the audience can be written to about this on each channel. */
export function Reach({ definition }: { definition: Definition }) {
  const audience = audienceOf(definition)
  const { channel: chosen, topic, transactional } = messageOf(definition)
  const { data } = useQuery({ ...reachFor(audience, topic, transactional), enabled: audience !== null })
  if (audience === null || !data || data.people === 0) return null
  const channels = [...data.channels].sort((one, other) => other.reachable - one.reachable)
  return (
    <section className={styles.part}>
      <h3>{t('Can be reached on')}</h3>
      <ul className={builder.reach}>
        {channels.map(({ channel, reachable }) => (
          <li key={channel}>
            <span className="cut">{channel === chosen ? <b>{channelName(channel)}</b> : channelName(channel)}</span>
            <span className={builder.bar} aria-hidden="true">
              <span style={{ inlineSize: `${(reachable / data.people) * 100}%` }} />
            </span>
            <span className={builder.amount}>
              {count(reachable)} <span className="quiet">{percent(reachable / data.people, 0)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** So many others are looked at, those that write to most people first. */
const OTHERS_MOST = 12

/** How many of the audience other campaigns that run write to as well. Counted when it is asked for: it is not cheap. */
export function Overlap({ id, definition }: { id: string; definition: Definition }) {
  const [asked, setAsked] = useState(false)
  const audience = audienceOf(definition)
  if (audience === null) return null
  return (
    <section className={styles.part}>
      <h3>{t('Whom other campaigns write to as well')}</h3>
      {asked ? (
        <Overlaps id={id} audience={audience} />
      ) : (
        <Button size="compact-xs" onClick={() => setAsked(true)}>
          {t('Compare with those that run')}
        </Button>
      )}
    </section>
  )
}

function Overlaps({ id, audience }: { id: string; audience: Json }) {
  const listed = useQuery(runs('campaign'))
  const others = (listed.data ?? [])
    .filter((each) => each.id !== id && isLive(each.state))
    .sort((one, other) => other.entered - one.entered)
    .slice(0, OTHERS_MOST)
  const read = useQueries({ queries: others.map((each) => ({ ...runQuery('campaign', each.id), refetchInterval: false as const })) })
  const known = read.flatMap(({ data }) => (data ? [data] : [])).flatMap((run): [Run, Json][] => {
    const theirs = audienceOf(run.definition)
    return theirs === null ? [] : [[run, theirs]]
  })
  const ready = listed.data !== undefined && read.every((each) => !each.isPending)
  const query = useQuery({ ...segmentOverlap([audience, ...known.map(([, theirs]) => theirs)]), enabled: ready && known.length > 0 })
  if (ready && known.length === 0) return <p className="quiet">{t('No other campaign that runs has an audience of its own.')}</p>
  if (query.isError) return <p role="alert">{t('The overlap was not counted.')} {query.error.message}</p>
  const own = query.data?.common[0]
  if (!own || own.length !== known.length + 1) return <p className="quiet">{t('Counting…')}</p>
  const all = own[0] ?? 0
  return (
    <ul className={styles.overlap} aria-label={t('Whom other campaigns write to as well')}>
      {known.map(([run], i) => (
        <li key={run.id}>
          <span className="cut">{run.name || run.id}</span>
          <span>
            {count(own[i + 1] ?? 0)} <span className="quiet">{percent(all > 0 ? (own[i + 1] ?? 0) / all : null, 0)}</span>
          </span>
        </li>
      ))}
    </ul>
  )
}
