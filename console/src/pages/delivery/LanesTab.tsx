import type { Delivery, Lane, Provider } from '~/api/types'
import { Chip, type ChipTone } from '~/parts/Chip'
import { LetterDrawing } from '~/parts/Drawings'
import { Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { clockSeconds, duration, full } from '~/words/moments'
import { count, NONE } from '~/words/numbers'
import styles from './DeliveryPage.module.css'
import { goesWhen } from './goesWhen'

/** How much waits in each lane and for how long, and how each provider stands. */
export function LanesTab({ data }: { data: Delivery }) {
  return (
    <div className={styles.sections}>
      <Section title={t('Queues')} note={t('What is to be sent waits in line, by channel and urgency: receipts go first, and a slow provider holds up only its own queue')}>
        {data.lanes.length > 0 ? <Lanes lanes={data.lanes} /> : <NothingWaits />}
      </Section>
      <Section title={t('Providers')} note={t('As this server sees them since it started')}>
        <Providers providers={data.providers} />
      </Section>
    </div>
  )
}

const URGENCIES: Record<Lane['urgency'], string> = { transactional: t('Transactional'), journey: t('One by one'), broadcast: t('Broadcasts') }

function NothingWaits() {
  return (
    <div className={pageStyles.card}>
      <Empty title={t('Nothing waits to be sent')} drawing={<LetterDrawing />}>
        {t('A queue shows here while messages of a channel wait, are handed over, or are in doubt.')}
      </Empty>
    </div>
  )
}

function Lanes({ lanes }: { lanes: Lane[] }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Queues')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Channel')}</th>
            <th scope="col">{t('Urgency')}</th>
            <th scope="col" className={tableStyles.number}>{t('Waiting')}</th>
            <th scope="col" className={tableStyles.number}>{t('Being handed over')}</th>
            <th scope="col" className={tableStyles.number}>{t('In doubt')}</th>
            <th scope="col" className={tableStyles.number}>{t('Oldest')}</th>
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => (
            <tr key={`${lane.channel}/${lane.urgency}`}>
              <td className={tableStyles.name}>{channelName(lane.channel)}</td>
              <td className="quiet">{URGENCIES[lane.urgency]}</td>
              <td className={tableStyles.number}>{count(lane.waiting)}</td>
              <td className={tableStyles.number}>{count(lane.under_way)}</td>
              <td className={tableStyles.number}>{lane.in_doubt > 0 ? <Chip tone="warn">{count(lane.in_doubt)}</Chip> : count(0)}</td>
              <td className={tableStyles.number}>
                <Oldest lane={lane} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** How late the first that waits is; or when it may go. */
function Oldest({ lane: { oldest_due_at: due, late_seconds: late } }: { lane: Lane }) {
  if (!due) return <>{NONE}</>
  return (
    <time dateTime={due} title={full(due)}>
      {late >= 1 ? t('{{time}} late', { time: duration(late) }) : late > 0 ? t('on time') : t('goes {{time}}', { time: goesWhen(due, new Date()) })}
    </time>
  )
}

const BREAKERS: Record<Provider['breaker'], [ChipTone, string]> = {
  closed: ['good', t('working')],
  half_open: ['warn', t('being tried')],
  open: ['bad', t('left alone')],
}

function Providers({ providers }: { providers: Provider[] }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Providers')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Channel')}</th>
            <th scope="col">{t('State')}</th>
            <th scope="col">{t('At most')}</th>
            <th scope="col">{t('Slowed down for')}</th>
          </tr>
        </thead>
        <tbody>
          {providers.map((each) => {
            const [tone, word] = BREAKERS[each.breaker]
            return (
              <tr key={each.channel}>
                <td className={tableStyles.name}>{channelName(each.channel)}</td>
                <td>
                  <Chip tone={tone} dot>
                    {word}
                  </Chip>{' '}
                  {each.opens_at && <span className="quiet">{t('tried again {{time}}', { time: clockSeconds(each.opens_at) })}</span>}
                </td>
                <td className="quiet">{each.rate || t('No limit set')}</td>
                <td className="quiet">
                  {each.slowed.length === 0
                    ? t('No domain')
                    : each.slowed.map(({ domain, until, deferrals }) => (
                        <span key={domain} className={styles.slowed} title={counted(deferrals, 'Put off {{count}} time', 'Put off {{count}} times')}>
                          {t('{{domain}} until {{time}}', { domain, time: clockSeconds(until) })}
                        </span>
                      ))}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
