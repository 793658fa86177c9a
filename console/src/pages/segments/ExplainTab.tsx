import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, CircleHelp, X } from 'lucide-react'
import { useState } from 'react'
import { segmentExplained } from '~/api/audiences'
import type { Shape } from '~/api/shape'
import type { Json } from '~/api/types'
import { PersonField } from '~/parts/PersonField'
import { Failed } from '~/parts/States'
import { counted, t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import { toldGroup } from '~/words/toldGroups'
import styles from './Tabs.module.css'

/** Why one person is in the segment, or is not: rule by rule, with the events that decide. */
export function ExplainTab({ definition }: { definition: Json | null }) {
  const [chosen, setChosen] = useState('')
  return (
    <div className={styles.tab}>
      <div className={styles.person}>
        <PersonField label={t('Person')} description={t('Name, email or id of somebody; then every rule says what is true of them, and why.')} choose={(person) => person && setChosen(person.user_id)} />
      </div>
      {chosen && definition !== null && <Explained definition={definition} person={chosen} />}
    </div>
  )
}

function Explained({ definition, person }: { definition: Json; person: string }) {
  const query = useQuery(segmentExplained(definition, person))
  if (query.isError) return <Failed what={t('Not explained')} error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return null
  const whole = query.data[0]
  return (
    <>
      {whole && (
        <p className={styles.verdict} role="status">
          <Mark truth={whole.truth} />
          <Link className="link" to="/people/$id" params={{ id: person }}>
            {person}
          </Link>{' '}
          {whole.truth === 'true' ? t('is in this segment.') : whole.truth === 'false' ? t('is not in this segment.') : t('cannot be told from here.')}
        </p>
      )}
      <ul className={styles.explained}>
        {query.data.map((each) => (
          <Condition key={each.path} each={each} />
        ))}
      </ul>
    </>
  )
}

const MARKS = { true: Check, false: X, unknown: CircleHelp } as const

function Mark({ truth }: { truth: Shape<'ExplainedCondition'>['truth'] }) {
  const Icon = MARKS[truth]
  const words = { true: t('true'), false: t('false'), unknown: t('unknown') }[truth]
  return (
    <span className={styles.mark} data-truth={truth}>
      <Icon size={14} aria-hidden="true" /> {words}
    </span>
  )
}

const depthOf = (path: string) => (path.match(/\.of/g) ?? []).length

function Condition({ each }: { each: Shape<'ExplainedCondition'> }) {
  const traits = Object.entries(each.traits)
  const more = (each.event_count ?? 0) - each.events.length
  return (
    <li style={{ paddingInlineStart: depthOf(each.path) * 20 }}>
      <Mark truth={each.truth} />
      <div>
        <p>{toldGroup(each.words.replace(/\*\*/g, ''))}</p>
        {traits.length > 0 && (
          <p className="quiet">{traits.map(([name, value]) => `${name}: ${value === null ? t('not set') : typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(' · ')}</p>
        )}
        {each.events.length > 0 && (
          <p className="quiet">
            {each.events.map(({ event, timestamp }) => `${event}, ${shortDay(timestamp, new Date())} ${clock(timestamp)}`).join(' · ')}
            {more > 0 && ` · ${counted(more, 'and {{count}} more', 'and {{count}} more')}`}
          </p>
        )}
      </div>
    </li>
  )
}
