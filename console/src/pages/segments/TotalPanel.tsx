import type { UseQueryResult } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDebouncedValue } from '@mantine/hooks'
import { Refusal } from '~/api/client'
import { segmentHistory } from '~/api/audiences'
import { useMay } from '~/api/may'
import { segmentPeople } from '~/api/queries'
import type { Json, PersonRow, SavedSegment, SegmentCount } from '~/api/types'
import { EasedNumber } from '~/parts/EasedNumber'
import { LiveMark } from '~/parts/Live'
import { PersonMark } from '~/parts/PersonMark'
import { Sparkline } from '~/parts/Sparkline'
import { t } from '~/words/language'
import { count, milliseconds, percent } from '~/words/numbers'
import { personName, place } from '~/words/people'
import { LiveSection } from './LiveSection'
import { ReachBars } from './ReachBars'
import styles from './SegmentBuilder.module.css'

interface Props {
  definition: Json | null
  total: UseQueryResult<SegmentCount, Error>
  saved: SavedSegment | null
}

/** The total, its share, how long it took, whether it is kept live, and a few of the people. */
export function TotalPanel({ definition, total, saved }: Props) {
  const data = total.data
  const share = data && data.of > 0 ? data.count / data.of : 0
  return (
    <aside className={styles.panel} aria-label={t('Matching people')} tabIndex={0}>
      <div className={styles.label}>
        {t('Matching people')} <LiveMark />
      </div>
      {total.isError ? (
        <Problem error={total.error} />
      ) : (
        <>
          <div className={styles.figures}>
          <p className={styles.hero} data-stale={total.isFetching || undefined} data-testid="segment-total" aria-live="polite" aria-atomic="true">
            {data ? <EasedNumber value={data.count} /> : '–'}
          </p>
          {definition !== null && <Trend definition={definition} />}
          </div>
          <p className="quiet">
            {data ? t('{{share}} of {{of}} · counted in {{time}}', { share: percent(share), of: count(data.of), time: milliseconds(data.took_ms) }) : t('Counting')}
          </p>
          <div className={styles.share} aria-hidden="true">
            <div style={{ inlineSize: `${share * 100}%` }} />
          </div>
        </>
      )}
      {saved && <LiveSection saved={saved} />}
      {!total.isError && definition !== null && <ReachBars definition={definition} />}
      {!total.isError && <Sample definition={definition} />}
    </aside>
  )
}

const LAST_DAYS = 30

/** How many matched at the end of each of the last thirty days. The table of it is the tab "Over time". */
function Trend({ definition }: { definition: Json }) {
  const [text] = useDebouncedValue(JSON.stringify(definition), TREND_DEBOUNCE_MS)
  const { data } = useQuery(segmentHistory(JSON.parse(text) as Json, 'day', LAST_DAYS))
  return data ? <Sparkline values={data.points.map(({ people }) => people)} width={108} height={36} /> : null
}

function Problem({ error }: { error: Error }) {
  const refusal = error instanceof Refusal ? error : null
  return (
    <p className={styles.problem} role="alert">
      <strong>{t('Not counted.')}</strong> {error.message} {refusal?.hint} {refusal?.path && <code>{refusal.path}</code>}
    </p>
  )
}

const DEBOUNCE_MS = 400
/** The past of a definition costs more than its count. */
const TREND_DEBOUNCE_MS = 900

function Sample({ definition }: { definition: Json | null }) {
  const [text] = useDebouncedValue(JSON.stringify(definition), DEBOUNCE_MS)
  const may = useMay()
  const { data } = useQuery({ ...segmentPeople(JSON.parse(text) as Json), enabled: may('people:read') })
  if (!data || data.people.length === 0) return null
  return (
    <>
      <h2>{t('A few of them')}</h2>
      <ul className={styles.people}>
        {data.people.map((person) => (
          <SamplePerson key={person.person} person={person} />
        ))}
      </ul>
    </>
  )
}

function SamplePerson({ person }: { person: PersonRow }) {
  const name = personName(person)
  const where = place(person.traits)
  return (
    <li>
      <PersonMark name={name} />
      <span className="cut">
        <Link to="/people/$id" params={{ id: person.user_id }}>
            {name}
          </Link>
        {where && <span className="quiet"> · {where}</span>}
      </span>
    </li>
  )
}
