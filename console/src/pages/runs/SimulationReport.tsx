import type { Estimate, Simulation } from '~/api/types'
import { KpiStrip } from '~/parts/KpiStrip'
import { Section } from '~/parts/Page'
import { Sparkline } from '~/parts/Sparkline'
import tableStyles from '~/parts/Table.module.css'
import { armWords, notEnteredWords } from '~/words/entries'
import { capital, channelName, withheldWords } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { money } from '~/words/money'
import { bucketDay, shortDay } from '~/words/moments'
import { count, percent } from '~/words/numbers'
import { titleTold, told as inWords } from '~/words/told'
import styles from './Simulation.module.css'
import { byReason, daysOf, outcome, perDay, perStep, sum, wayWords } from './simulation'

/** Who would have entered, what would have been sent and withheld, by which ways, at what cost. */
export function SimulationReport({ data }: { data: Simulation }) {
  const now = new Date()
  return (
    <>
      <p>
        {t('{{since}} to {{until}}', { since: shortDay(data.since, now), until: shortDay(data.until, now) })}:{' '}
        {counted(data.people.could_enter, '{{count}} person could have come in.', '{{count}} people could have come in.')}{' '}
        {data.people.sampled
          ? t('{{number}} of them, drawn by hash, were replayed, so numbers are estimates with 95% intervals.', { number: data.people.replayed })
          : t('All of them were replayed.')}
      </p>
      <Numbers data={data} />
      {data.effect.words && <p className={styles.words}>{withMinus(inWords(data.effect.words))}</p>}
      <Section title={t('Messages by step')}>
        <Steps data={data} />
      </Section>
      <div className={styles.pair}>
        <Reasons title={t('Withheld, by reason')} none={t('Nothing would have been withheld.')} rows={byReason(data).map(([reason, each]) => [capital(withheldWords(reason)), each])} />
        <Reasons title={t('Did not enter, by reason')} none={t('Everybody who could enter would have.')} rows={data.not_entered.map((each) => [notEnteredWords(each.reason), each])} />
      </div>
      <Paths data={data} />
      <Days data={data} />
    </>
  )
}

/** What the server says has numbers as a terminal writes them. */
const withMinus = (words: string) => words.replace(/(?<=^|[\s(])-(?=\d)/g, '−')

/** A count, with its interval where only a sample was replayed. */
const told = (each: Estimate) => (each.low === each.high ? count(each.count) : t('{{is}} ({{low}} to {{high}})', { is: count(each.count), low: count(each.low), high: count(each.high) }))

function Numbers({ data }: { data: Simulation }) {
  const { cost, entered } = data
  const arms = Object.entries(entered.people).filter(([, each]) => each.count > 0)
  const sent = outcome(data, 'sent')
  const withheld = outcome(data, 'withheld')
  const unpriced = cost?.unpriced.map(channelName).join(', ')
  return (
    <KpiStrip
      kpis={[
        { label: t('People who would enter'), value: count(sum(Object.values(entered.people)).count), note: arms.map(([arm, each]) => `${armWords(arm)} ${count(each.count)}`).join(', ') || t('Nobody') },
        { label: t('Messages sent'), value: count(sent.count), note: sent.low === sent.high ? waits(data.deferred.count) : t('{{low}} to {{high}}', { low: count(sent.low), high: count(sent.high) }) },
        { label: t('Withheld'), value: count(withheld.count), note: t('{{share}} of all asked for', { share: percent(share(withheld.count, sent.count + withheld.count), 0) }) },
        { label: t('Cost'), value: cost ? money(cost.minor, cost.currency) : t('Not known'), note: cost ? (unpriced ? t('Without {{channels}}', { channels: unpriced }) : t('By message costs of the workspace')) : t('Set “What a message costs” in the settings') },
      ]}
    />
  )
}

const waits = (deferred: number) => (deferred > 0 ? counted(deferred, '{{count}} waits for quiet hours to be over', '{{count}} wait for quiet hours to be over') : t('None waits for quiet hours'))

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)

function Steps({ data }: { data: Simulation }) {
  const rows = perStep(data)
  if (rows.length === 0) return <p className="quiet">{t('No message would have been asked for.')}</p>
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Messages by step')}>
      <table className={tableStyles.table} data-dense>
        <thead>
          <tr>
            <th scope="col">{t('Step')}</th>
            <th scope="col">{t('Channel')}</th>
            <th scope="col" className={tableStyles.number}>{t('Sent')}</th>
            <th scope="col" className={tableStyles.number}>{t('Withheld')}</th>
            <th scope="col" className={tableStyles.number}>{t('Still waiting')}</th>
            <th scope="col">{t('Sent by day')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.step}/${row.channel}`}>
              <td className={tableStyles.name}>
                {titleTold(row.title)} <span className="faint">{row.step}</span>
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
    <Section title={t('Ways taken')} note={hidden > 0 ? t('The {{shown}} most taken of {{all}}', { shown: PATHS_SHOWN, all: data.paths.length }) : ''}>
      <ol className={styles.paths}>
        {data.paths.slice(0, PATHS_SHOWN).map(({ steps, count: times, share: part }) => (
          <li key={steps.join('>')}>
            <b>{percent(part, 0)}</b>
            <span>{wayWords(data, steps)}</span>
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
      <summary>{t('Day by day')}</summary>
      <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Day by day')}>
        <table className={tableStyles.table} data-dense>
          <thead>
            <tr>
              <th scope="col">{t('Day')}</th>
              <th scope="col" className={tableStyles.number}>{t('Entries')}</th>
              <th scope="col" className={tableStyles.number}>{t('Sent')}</th>
              <th scope="col" className={tableStyles.number}>{t('Withheld')}</th>
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
