import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowUp, X } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { Stream } from '~/api/live'
import { timeline } from '~/api/queries'
import type { HappenedEvent } from '~/api/types'
import { LetterDrawing } from '~/parts/Drawings'
import { useNow } from '~/parts/Moment'
import { Empty, Failed, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { TimelineEntry } from './TimelineEntry'
import styles from './Timeline.module.css'
import { lines } from './timelineLines'
import { useArrivals } from './useArrivals'

interface Props {
  id: string
  /** Show only this event. */
  event: string | null
  stream: Stream
  clear: () => void
}

const NEAR_END = 20

export function Timeline({ id, event, stream, clear }: Props) {
  const query = useInfiniteQuery(timeline(id, event))
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const arrivals = useArrivals(stream, event, scroller)
  const known = useMemo(() => query.data?.pages.flatMap((page) => page.events) ?? [], [query.data])
  if (query.isPending) return <Waiting rows={8} height={52} />
  if (query.isError) return <Failed what={t('The timeline did not load')} error={query.error} retry={() => void query.refetch()} />
  const events = unique([...arrivals.shown, ...known])
  return (
    <div className={styles.frame}>
      {event && (
        <p className={styles.filter}>
          {t('Only “{{event}}”', { event })}
          <Button variant="subtle" leftSection={<X size={13} />} onClick={clear}>
            {t('Show everything')}
          </Button>
        </p>
      )}
      {arrivals.held > 0 && (
        <Button className={styles.held} leftSection={<ArrowUp size={13} />} variant="filled" onClick={arrivals.release}>
          {counted(arrivals.held, '{{count}} new', '{{count}} new')}
        </Button>
      )}
      <div className={styles.scroller} ref={setScroller} tabIndex={0} role="region" aria-label={t('Timeline')} data-fresh={arrivals.shown.length > 0 || undefined}>
        {events.length === 0 ? (
          <Empty title={t('Nothing happened yet')} drawing={<LetterDrawing />}>
            {t('Events show here the moment they arrive.')}
          </Empty>
        ) : (
          <Lines events={events} scroller={scroller} more={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : null} />
        )}
      </div>
    </div>
  )
}

function unique(events: HappenedEvent[]): HappenedEvent[] {
  const seen = new Set<string>()
  return events.filter((event) => !seen.has(event.message_id) && seen.add(event.message_id))
}

interface LinesProps {
  events: HappenedEvent[]
  scroller: HTMLDivElement | null
  more: (() => void) | null
}

/** Day headings and entries; only those in view are in the page, however long the history. */
function Lines({ events, scroller, more }: LinesProps) {
  const now = useNow()
  const all = useMemo(() => lines(events, now), [events, now])
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => scroller,
    estimateSize: (i) => (all[i]?.kind === 'day' ? 36 : 54),
    getItemKey: (i) => all[i]?.key ?? i,
    overscan: 12,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && last >= all.length - NEAR_END) more()
  }, [more, last, all.length])
  return (
    <ol className={styles.lines} style={{ blockSize: virtual.getTotalSize() }}>
      {items.map((item) => {
        const line = all[item.index]!
        return (
          <li key={item.key} data-index={item.index} ref={virtual.measureElement} className={styles.line} style={{ transform: `translateY(${item.start}px)` }}>
            {line.kind === 'day' ? <h2 className={styles.day}>{line.heading}</h2> : <TimelineEntry event={line.event} now={now} />}
          </li>
        )
      })}
    </ol>
  )
}
