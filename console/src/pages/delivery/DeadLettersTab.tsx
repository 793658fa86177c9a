import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { deadLetters } from '~/api/queries'
import type { DeadLetter } from '~/api/types'
import { CheckedDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Empty, Failed, Waiting } from '~/parts/States'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { told } from '~/words/told'
import panes from '../data/DataPage.module.css'
import styles from './DeliveryPage.module.css'
import { LetterPane } from './LetterPane'
import { LettersDialog } from './LettersDialog'

const ALL = 'all'

/** What nobody tries to deliver any more: why, what came of each attempt, and a way to try again or let go. */
export function DeadLettersTab({ counts }: { counts: Record<string, number> }) {
  const [channel, setChannel] = useState(ALL)
  const [chosen, setChosen] = useState<string | null>(null)
  const [asked, setAsked] = useState<'replay' | 'drop' | null>(null)
  const [said, setSaid] = useState('')
  const of = channel === ALL ? null : channel
  const query = useInfiniteQuery(deadLetters(of))
  const letters = query.data?.pages.flatMap((page) => page.dead_letters) ?? []
  const channels = Object.keys(counts)
  const total = of ? (counts[of] ?? 0) : channels.reduce((sum, each) => sum + (counts[each] ?? 0), 0)
  const letter = letters.find(({ key }) => key === chosen) ?? letters[0]
  return (
    <div className={panes.panes}>
      <div className={panes.records}>
        <div className={panes.tools}>
          {channels.length > 1 && (
            <SegmentedControl
              aria-label={t('Which channel')}
              data={[{ value: ALL, label: t('All') }, ...channels.map((each) => ({ value: each, label: channelName(each) }))]}
              value={channel}
              onChange={setChannel}
            />
          )}
          <span className="quiet" role="status">
            {said}
          </span>
          {letters.length > 0 ? (
            <span className={styles.pair}>
              <Button onClick={() => setAsked('drop')}>{t('Drop all')}</Button>
              <Button onClick={() => setAsked('replay')}>{t('Send all again')}</Button>
            </span>
          ) : (
            <span />
          )}
        </div>
        <div className={panes.scroller} tabIndex={0} role="region" aria-label={t('Dead letters')}>
          {query.isPending ? (
            <Waiting rows={8} height={54} />
          ) : query.isError ? (
            <Failed what={t('The dead letters did not load')} error={query.error} retry={() => void query.refetch()} />
          ) : letters.length === 0 ? (
            <Empty title={t('No dead letters')} drawing={<CheckedDrawing />}>
              {t('What a provider refuses for good, or never answers for, is kept here with its reason.')}
            </Empty>
          ) : (
            <ul>
              {letters.map((one) => (
                <LetterRow key={one.key} letter={one} current={one.key === letter?.key} choose={() => setChosen(one.key)} />
              ))}
            </ul>
          )}
          {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('Show older letters, {{total}} in all', { total })}</Button>}
        </div>
      </div>
      {letter && <LetterPane key={letter.key} letter={letter} chosen={letter.key === chosen} done={setSaid} />}
      {asked && <LettersDialog act={asked} channel={of} letters={letters} total={Math.max(total, letters.length)} done={setSaid} close={() => setAsked(null)} />}
    </div>
  )
}

function LetterRow({ letter, current, choose }: { letter: DeadLetter; current: boolean; choose: () => void }) {
  return (
    <li>
      <button type="button" className={panes.record} aria-current={current} onClick={choose}>
        <span className={`${panes.message} cut`}>{told(letter.reason) || t('No reason was given')}</span>
        <span className={panes.line}>
          <span>{channelName(letter.channel)}</span>
          <span className="cut">{letter.address}</span>
          <span className="cut">{letter.origin}</span>
          <Ago at={letter.dead_at} />
        </span>
      </button>
    </li>
  )
}
