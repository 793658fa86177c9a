import { useQuery } from '@tanstack/react-query'
import type { Json } from '~/api/types'
import { channelName, withheldWords } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { Problems } from '../runs/editor/Problems'
import { firstEntry } from '../runs/firstEntry'
import { asFields } from '../runs/graph'
import actions from '../runs/RunActions.module.css'
import type { Definition } from '../runs/editor/draft'
import styles from './Composer.module.css'
import { audienceOf, SEND } from './meaning'
import { type Outlook, reachFor } from './questions'

/** What is to be known before people are written to: whom, by what, when, who is left out, what bounds it. */
export function OutlookFacts({ ahead, definition }: { ahead: Outlook; definition: Definition }) {
  const now = new Date()
  const facts: [string, string][] = [
    [ahead.lately_days === null || ahead.people === null ? t('Audience now') : t('Could have come in, last {{days}} days', { days: ahead.lately_days }), audienceWords(ahead)],
    [t('Channels'), ahead.channels.map(channelName).join(', ')],
    [t('First goes out'), ahead.next_at ? firstEntry(ahead.next_at, now) : ahead.coming.length === 0 && SCHEDULED.has(String(asFields(definition['trigger'])['type'])) ? t('Never: none of its times is still to come') : t('With the next person who does what starts it')],
    [t('Left alone, to measure the effect'), ahead.holdout > 0 ? percent(ahead.holdout) : t('Nobody: the effect cannot be measured')],
    ...(ahead.global_holdout > 0 ? [[t('In the global holdout'), percent(ahead.global_holdout)] as [string, string]] : []),
    [t('At most'), ahead.caps.join('; ') || t('No cap holds')],
    [t('Quiet hours'), ahead.quiet || t('None are set')],
  ]
  return (
    <>
      <dl className={actions.facts} aria-label={t('Before it goes out')}>
        {facts.map(([term, told]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
      <LeftOut definition={definition} />
      <Problems found={ahead.warnings.map((each) => ({ ...each, weight: 'odd' as const }))} />
    </>
  )
}

const SCHEDULED = new Set(['dates', 'recurring'])

function audienceWords({ people, of }: Outlook): string {
  if (people === null) return t('Whom a program names')
  return of > 0 ? t('{{people}} of {{everybody}} people, {{share}}', { people, everybody: of, share: percent(people / of) }) : count(people)
}

/** Who of the audience would get nothing if it went out now, by reason. */
function LeftOut({ definition }: { definition: Definition }) {
  const audience = audienceOf(definition)
  const { channel, topic, transactional } = messageOf(definition)
  const { data } = useQuery({ ...reachFor(audience, topic, transactional), enabled: audience !== null })
  const told = data?.channels.find((each) => each.channel === channel)
  if (audience === null || !data || !told) return null
  const reasons = Object.entries(told.reasons).sort(([, one], [, other]) => other - one)
  return (
    <section className={styles.leftOut}>
      <h3>{counted(told.reachable, '{{count}} of them can be written to now', '{{count}} of them can be written to now')}</h3>
      {reasons.length > 0 ? (
        <ul aria-label={t('Who is left out, and why')}>
          {reasons.map(([reason, people]) => (
            <li key={reason}>
              <span>{withheldWords(reason)}</span>
              <span>{count(people)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">{t('Nobody is left out.')}</p>
      )}
    </section>
  )
}

export function messageOf(definition: Definition): { channel: string; topic: string; transactional: boolean } {
  const send = asFields(definition[SEND])
  const text = (value: Json | undefined, usual: string) => (typeof value === 'string' && value !== '' ? value : usual)
  return { channel: text(send['channel'], ''), topic: text(send['topic'], 'marketing'), transactional: send['transactional'] === true }
}
