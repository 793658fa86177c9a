import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { badRecords } from '~/api/queries'
import type { BadRecord } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { CheckedDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Empty, Failed, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import { told } from '~/words/told'
import { codeWords } from './codeWords'
import styles from './DataPage.module.css'
import { RecordEditor } from './RecordEditor'
import { useReplay } from './useReplay'

/** Records that could not be events: why, and a place to mend and replay them. */
export function BadRecordsTab() {
  const [shown, setShown] = useState<'open' | 'replayed'>('open')
  const [chosen, setChosen] = useState<BadRecord['id'] | null>(null)
  const query = useInfiniteQuery(badRecords(shown === 'replayed'))
  const all = useReplay()
  const [mended, setMended] = useState<string | null>(null)
  const records = query.data?.pages.flatMap((page) => page.errors) ?? []
  const first = query.data?.pages[0]
  const record = records.find(({ id }) => id === chosen) ?? records[0]
  return (
    <div className={styles.panes}>
      <div className={styles.records}>
        <div className={styles.tools}>
          <SegmentedControl
            aria-label={t('Which records')}
            data={[
              { value: 'open', label: t('Still open') },
              { value: 'replayed', label: t('Replayed') },
            ]}
            value={shown}
            onChange={(value) => setShown(value as 'open' | 'replayed')}
          />
          <span className="quiet" role="status">
            {mended ? t('“{{name}}” is an event now', { name: mended }) : ''}
            {all.data && !mended ? counted(all.data.replayed, '{{count}} record replayed, {{bad}} still bad', '{{count}} records replayed, {{bad}} still bad', { bad: all.data.still_bad }) : ''}
            {all.isError ? `${t('Nothing was replayed.')} ${all.error.message}` : ''}
          </span>
          {shown === 'open' && records.length > 0 ? (
            <Button loading={all.isPending} onClick={() => {
                setMended(null)
                all.mutate({ all: true })
              }}>
              {t('Replay all')} {count(first?.total)}
            </Button>
          ) : (
            <span />
          )}
        </div>
        {shown === 'open' && first && <Codes counts={first.by_code} />}
        <div className={styles.scroller} tabIndex={0} role="region" aria-label={t('Records')}>
          {query.isPending ? (
            <Waiting rows={8} height={54} />
          ) : query.isError ? (
            <Failed what={t('The bad records did not load')} error={query.error} retry={() => void query.refetch()} />
          ) : records.length === 0 ? (
            <NoRecords shown={shown} />
          ) : (
            <ul>
              {records.map((one) => (
                <RecordRow key={one.id} record={one} current={one.id === record?.id} choose={() => setChosen(one.id)} />
              ))}
            </ul>
          )}
          {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('Show older records')}</Button>}
        </div>
      </div>
      {record && <RecordEditor key={record.id} record={record} done={() => setMended(record.message)} />}
    </div>
  )
}

function Codes({ counts }: { counts: Record<string, number> }) {
  const codes = Object.entries(counts).sort(([, a], [, b]) => b - a)
  if (codes.length === 0) return null
  return (
    <div className={styles.codes}>
      {codes.map(([code, times]) => (
        <Chip key={code}>
          {codeWords(code)} {count(times)}
        </Chip>
      ))}
    </div>
  )
}

function RecordRow({ record, current, choose }: { record: BadRecord; current: boolean; choose: () => void }) {
  return (
    <li>
      <button type="button" className={styles.record} aria-current={current} onClick={choose}>
        <span className={styles.message}>{told(record.message)}</span>
        <span className={styles.line}>
          <span>{record.source}</span>
          {record.path && <code className="cut">{record.path}</code>}
          <Ago at={record.at} />
        </span>
      </button>
    </li>
  )
}

function NoRecords({ shown }: { shown: 'open' | 'replayed' }) {
  return shown === 'open' ? (
    <Empty title={t('Every record became an event')} drawing={<CheckedDrawing />}>
      {t('What does not fit is set aside here with its reason, never dropped.')}
    </Empty>
  ) : (
    <Empty title={t('Nothing replayed yet')} drawing={<CheckedDrawing />}>
      {t('Records that were mended and sent again show here.')}
    </Empty>
  )
}
