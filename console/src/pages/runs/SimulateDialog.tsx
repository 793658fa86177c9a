import { Button, SegmentedControl } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { simulation, underWay } from '~/api/queries'
import type { Json } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Failed } from '~/parts/States'
import { duration } from '~/words/moments'
import { counted, t } from '~/words/language'
import { percent } from '~/words/numbers'
import { SimulationReport } from './SimulationReport'
import styles from './Simulation.module.css'

const PERIODS = [7, 30, 90]

interface Question {
  over: string
  /** The name this question is asked under; a new one for every time. */
  asked: string
}

const ask = (over: string): Question => ({ over, asked: crypto.randomUUID?.() ?? `simulation-${Date.now()}` })

interface Props {
  name: string
  /** What is published under an id, or a definition as it is written. */
  asked: { id: string } | { definition: { [key: string]: Json } }
  close: () => void
}

/** What it would have done, had it run over the last days. Nothing is sent. */
export function SimulateDialog({ name, asked, close }: Props) {
  const client = useQueryClient()
  const [question, setQuestion] = useState(() => ask('30d'))
  const [calledOff, setCalledOff] = useState(false)
  const query = useQuery({ ...simulation(asked, question.over, question.asked), enabled: !calledOff })
  const again = (over: string) => {
    setCalledOff(false)
    setQuestion(ask(over))
  }
  const cancel = async () => {
    setCalledOff(true)
    // The server ends a question that nobody waits for any more.
    await client.cancelQueries({ queryKey: simulation(asked, question.over, question.asked).queryKey })
  }
  return (
    <Dialog onClose={close} title={t('Simulate “{{name}}”', { name })} size={920}>
      <div className={styles.simulation}>
        <div className={styles.asked}>
          <span>{t('Had it run over the last')}</span>
          <SegmentedControl aria-label={t('Over how long')} data={PERIODS.map((days) => ({ value: `${days}d`, label: counted(days, '{{count}} day', '{{count}} days') }))} value={question.over} onChange={again} />
          <span className="quiet">{t('Nothing is sent.')}</span>
        </div>
        {calledOff ? (
          <p role="status">
            {t('Called off; nothing was changed.')}{' '}
            <Button variant="subtle" onClick={() => again(question.over)}>
              {t('Simulate again')}
            </Button>
          </p>
        ) : query.isPending ? (
          <Progress asked={question.asked} cancel={() => void cancel()} />
        ) : query.isError ? (
          <Failed what={t('It was not simulated')} error={query.error} retry={() => again(question.over)} />
        ) : (
          <SimulationReport data={query.data} />
        )}
      </div>
    </Dialog>
  )
}

function Progress({ asked, cancel }: { asked: string; cancel: () => void }) {
  const { data } = useQuery(underWay(asked))
  const share = data?.progress ?? 0
  return (
    <div className={styles.progress}>
      <p role="status">
        {data ? t('Replaying the past, {{share}}', { share: percent(share, 0) }) : t('Replaying the past')}
        {data && data.rows_total > 0 && (
          <span className="quiet">
            {' '}
            {t('{{done}} of {{all}} people, {{time}}', { done: data.rows_read, all: data.rows_total, time: duration(Math.round(data.elapsed_ms / 1000)) })}
          </span>
        )}
      </p>
      <div className={styles.track} aria-hidden="true">
        <div style={{ inlineSize: `${share * 100}%` }} />
      </div>
      <Button onClick={cancel}>{t('Cancel')}</Button>
    </div>
  )
}
