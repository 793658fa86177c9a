import { Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { segmentReach } from '~/api/audiences'
import type { Json } from '~/api/types'
import { channelName, withheldWords } from '~/words/happenings'
import { t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import styles from './SegmentBuilder.module.css'

const DEBOUNCE_MS = 600

/** How many of them could be written to now, by channel, as if it were marketing. */
export function ReachBars({ definition }: { definition: Json }) {
  const [text] = useDebouncedValue(JSON.stringify(definition), DEBOUNCE_MS)
  const { data, isFetching } = useQuery(segmentReach(JSON.parse(text) as Json))
  if (!data || data.people === 0) return null
  const channels = [...data.channels].sort((one, other) => other.reachable - one.reachable)
  return (
    <>
      <h2>{t('Can be reached on')}</h2>
      <ul className={styles.reach} data-stale={isFetching || undefined}>
        {channels.map(({ channel, reachable, reasons }) => (
          <li key={channel}>
            <span className="cut">{channelName(channel)}</span>
            <span className={styles.bar} aria-hidden="true">
              <span style={{ inlineSize: `${(reachable / data.people) * 100}%` }} />
            </span>
            <Tooltip label={why(reasons)} disabled={Object.keys(reasons).length === 0} multiline maw={260}>
              <span className={styles.amount} tabIndex={Object.keys(reasons).length > 0 ? 0 : undefined}>
                {count(reachable)} <span className="quiet">{percent(reachable / data.people, 0)}</span>
              </span>
            </Tooltip>
          </li>
        ))}
      </ul>
    </>
  )
}

const why = (reasons: Record<string, number>) =>
  Object.entries(reasons)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, people]) => `${withheldWords(reason)}: ${count(people)}`)
    .join(' · ')
