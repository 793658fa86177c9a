import { Button, SegmentedControl } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { simulation, underWay } from '~/api/queries'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Failed } from '~/parts/States'
import { duration } from '~/words/moments'
import { count, percent } from '~/words/numbers'
import { SimulationReport } from './SimulationReport'
import styles from './Simulation.module.css'

const PERIODS = [
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
]

interface Question {
  over: string
  /** The name this question is asked under; a new one for every time. */
  asked: string
}

const ask = (over: string): Question => ({ over, asked: crypto.randomUUID?.() ?? `simulation-${Date.now()}` })

/** What it would have done, had it run over the last days. Nothing is sent. */
export function SimulateDialog({ run, close }: { run: Run; close: () => void }) {
  const client = useQueryClient()
  const [question, setQuestion] = useState(() => ask('30d'))
  const [calledOff, setCalledOff] = useState(false)
  const query = useQuery({ ...simulation(run.id, question.over, question.asked), enabled: !calledOff })
  const again = (over: string) => {
    setCalledOff(false)
    setQuestion(ask(over))
  }
  const cancel = async () => {
    setCalledOff(true)
    // The server ends a question that nobody waits for any more.
    await client.cancelQueries({ queryKey: simulation(run.id, question.over, question.asked).queryKey })
  }
  return (
    <Dialog onClose={close} title={`Simulate “${run.name}”`} size={920}>
      <div className={styles.simulation}>
        <div className={styles.asked}>
          <span>Had it run over the last</span>
          <SegmentedControl aria-label="Over how long" data={PERIODS} value={question.over} onChange={again} />
          <span className="quiet">Nothing is sent.</span>
        </div>
        {calledOff ? (
          <p role="status">
            Called off; nothing was changed.{' '}
            <Button variant="subtle" onClick={() => again(question.over)}>
              Simulate again
            </Button>
          </p>
        ) : query.isPending ? (
          <Progress asked={question.asked} cancel={() => void cancel()} />
        ) : query.isError ? (
          <Failed what="It was not simulated" error={query.error} retry={() => again(question.over)} />
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
        {data ? `Replaying the past, ${percent(share, 0)}` : 'Replaying the past'}
        {data && data.rows_total > 0 && (
          <span className="quiet">
            {' '}
            {count(data.rows_read)} of {count(data.rows_total)} people, {duration(Math.round(data.elapsed_ms / 1000))}
          </span>
        )}
      </p>
      <div className={styles.track} aria-hidden="true">
        <div style={{ inlineSize: `${share * 100}%` }} />
      </div>
      <Button onClick={cancel}>Cancel</Button>
    </div>
  )
}
