import type { Estimate, Simulation } from '~/api/types'
import { KpiStrip } from '~/parts/KpiStrip'
import { Section } from '~/parts/Page'
import { Sparkline } from '~/parts/Sparkline'
import tableStyles from '~/parts/Table.module.css'
import { armWords, notEnteredWords } from '~/words/entries'
import { capital, channelName, withheldWords } from '~/words/happenings'
import { money } from '~/words/money'
import { bucketDay, shortDay } from '~/words/moments'
import { count, percent, plural } from '~/words/numbers'
import styles from './Simulation.module.css'
import { byReason, daysOf, outcome, perDay, perStep, sum } from './simulation'

/** Who would have entered, what would have been sent and withheld, by which ways, at what cost. */
export function SimulationReport({ data }: { data: Simulation }) {
  const now = new Date()
  return (
    <>
      <p>
        {shortDay(data.since, now)} to {shortDay(data.until, now)}: {plural(data.people.could_enter, 'person', 'people')} did what lets people in
        {data.people.sampled ? `; ${count(data.people.replayed)} of them, drawn by hash, were replayed, so numbers are estimates with 95% intervals.` : ', and all of them were replayed.'}
      </p>
      <Numbers data={data} />
      {data.effect.words && <p className={styles.words}>{data.effect.words}</p>}
      <Section title="Messages by step">
        <Steps data={data} />
      </Section>
      <div className={styles.pair}>
        <Reasons title="Withheld, by reason" none="Nothing would have been withheld." rows={byReason(data).map(([reason, each]) => [capital(withheldWords(reason)), each])} />
        <Reasons title="Did not enter, by reason" none="Everybody who could enter would have." rows={data.not_entered.map((each) => [notEnteredWords(each.reason), each])} />
      </div>
      <Paths data={data} />
      <Days data={data} />
    </>
  )
}

/** A count, with its interval where only a sample was replayed. */
const told = (each: Estimate) => (each.low === each.high ? count(each.count) : `${count(each.count)} (${count(each.low)} to ${count(each.high)})`)

function Numbers({ data }: { data: Simulation }) {
  const { cost, entered } = data
  const arms = Object.entries(entered.people).filter(([, each]) => each.count > 0)
  const sent = outcome(data, 'sent')
  const withheld = outcome(data, 'withheld')
  const unpriced = cost?.unpriced.map(channelName).join(', ')
  return (
    <KpiStrip
      kpis={[
        { label: 'People who would enter', value: count(sum(Object.values(entered.people)).count), note: arms.map(([arm, each]) => `${armWords(arm)} ${count(each.count)}`).join(', ') || 'Nobody' },
        { label: 'Messages sent', value: count(sent.count), note: sent.low === sent.high ? waits(data.deferred.count) : `${count(sent.low)} to ${count(sent.high)}` },
        { label: 'Withheld', value: count(withheld.count), note: `${percent(share(withheld.count, sent.count + withheld.count), 0)} of all asked for` },
        { label: 'Cost', value: cost ? money(cost.minor, cost.currency) : 'Not known', note: cost ? (unpriced ? `Without ${unpriced}` : 'By message costs of the workspace') : 'Set message_costs to see it' },
      ]}
    />
  )
}

const waits = (deferred: number) => (deferred > 0 ? `${plural(deferred, 'waits', 'wait')} for quiet hours to be over` : 'None waits for quiet hours')

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)

function Steps({ data }: { data: Simulation }) {
  const rows = perStep(data)
  if (rows.length === 0) return <p className="quiet">No message would have been asked for.</p>
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label="Messages by step">
      <table className={tableStyles.table} data-dense>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Channel</th>
            <th scope="col" className={tableStyles.number}>Sent</th>
            <th scope="col" className={tableStyles.number}>Withheld</th>
            <th scope="col" className={tableStyles.number}>Still waiting</th>
            <th scope="col">Sent by day</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.step}/${row.channel}`}>
              <td className={tableStyles.name}>
                {row.title} <span className="faint">{row.step}</span>
              </td>
              <td className="quiet">{channelName(row.channel)}</td>
              <td className={tableStyles.number}>{told(row.sent)}</td>
              <td className={tableStyles.number}>{told(row.withheld)}</td>
              <td className={tableStyles.number}>{told(row.waiting)}</td>
              <td>
                <Sparkline values={row.sentByDay} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Reasons({ title, none, rows }: { title: string; none: string; rows: [string, Estimate][] }) {
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <dl className={styles.facts}>
          {rows.map(([words, each]) => (
            <div key={words}>
              <dt>{words}</dt>
              <dd>{told(each)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Section>
  )
}

const PATHS_SHOWN = 6

function Paths({ data }: { data: Simulation }) {
  if (data.paths.length === 0) return null
  const hidden = data.paths.length - PATHS_SHOWN
  return (
    <Section title="Ways taken" note={hidden > 0 ? `The ${PATHS_SHOWN} most taken of ${data.paths.length}` : ''}>
      <ol className={styles.paths}>
        {data.paths.slice(0, PATHS_SHOWN).map(({ steps, count: times, share: part }) => (
          <li key={steps.join('>')}>
            <b>{percent(part, 0)}</b>
            <span>{steps.join(' → ')}</span>
            <span className="quiet">{count(times)}</span>
          </li>
        ))}
      </ol>
    </Section>
  )
}

function Days({ data }: { data: Simulation }) {
  const days = daysOf(data)
  if (days.length === 0) return null
  return (
    <details className={styles.days}>
      <summary>Day by day</summary>
      <div className={tableStyles.block} tabIndex={0} role="region" aria-label="Day by day">
        <table className={tableStyles.table} data-dense>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col" className={tableStyles.number}>Entries</th>
              <th scope="col" className={tableStyles.number}>Sent</th>
              <th scope="col" className={tableStyles.number}>Withheld</th>
            </tr>
          </thead>
          <tbody>
            {days.map((day) => {
              const { entries, sent, withheld } = perDay(data, day)
              return (
                <tr key={day}>
                  <td>{bucketDay(day)}</td>
                  <td className={tableStyles.number}>{told(entries)}</td>
                  <td className={tableStyles.number}>{told(sent)}</td>
                  <td className={tableStyles.number}>{told(withheld)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </details>
  )
}
