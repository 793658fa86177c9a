import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { person as personQuery, runs, trace } from '~/api/queries'
import type { TraceAttempt, TraceMoment } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { TreeDrawing } from '~/parts/Drawings'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, isMissing, Missing } from '~/parts/States'
import { armWords } from '~/words/entries'
import { t } from '~/words/language'
import { clockSeconds, full, shortDay } from '~/words/moments'
import { personName } from '~/words/people'
import { told } from '~/words/told'
import styles from './TracePage.module.css'
import { momentWords } from './traceWords'

const here = getRouteApi('/people/$id/why')
const PARENT = { to: '/people', label: t('People') } as const

/** Why somebody got a message of a journey or campaign, or did not: every stage, with its one reason. */
export function TracePage() {
  const { id } = here.useParams()
  const { of = '' } = here.useSearch()
  const navigate = here.useNavigate()
  const { data: person, error: unknown } = useQuery(personQuery(id))
  const journeys = useQuery(runs('journey', true)).data ?? []
  const campaigns = useQuery(runs('campaign', true)).data ?? []
  const query = useQuery(trace(id, of))
  if (isMissing(unknown)) {
    return (
      <>
        <TopBar title={id} parent={PARENT} />
        <Missing said={unknown.message} parent={PARENT} />
      </>
    )
  }
  const name = person ? personName(person) : id
  const choices = [
    { group: t('Journeys'), items: journeys.map((each) => ({ value: each.id, label: each.name })) },
    { group: t('Campaigns'), items: campaigns.map((each) => ({ value: each.id, label: each.name })) },
  ]
  return (
    <>
      <TopBar title={t('Why, {{name}}', { name })} parent={PARENT} />
      <Page>
        <div className={styles.asked}>
          <Select
            label={t('Journey or campaign')}
            placeholder={t('Choose one')}
            searchable
            data={choices}
            value={of || null}
            onChange={(chosen) => void navigate({ search: chosen ? { of: chosen } : {} })}
          />
          <Link to="/people/$id" params={{ id }} className="link">
            {t('Everything about {{name}}', { name })}
          </Link>
        </div>
        {of === '' ? (
          <div className={pageStyles.card}>
            <Empty title={t('Of which journey or campaign')} drawing={<TreeDrawing />}>
              {t('Choose one, to see what it did with {{name}} and why: the event, the entry, the steps, the gate, the provider.', { name })}
            </Empty>
          </div>
        ) : (
          <Answered query={query} what={t('This was not traced')}>
            {(data) => (
              <>
                <p>
                  <Link to={data.kind === 'journey' ? '/journeys/$id' : '/campaigns/$id'} params={{ id: data.origin }} className="link">
                    {data.name}
                  </Link>
                  : {told(data.words)}
                </p>
                <ol className={styles.attempts} aria-label={t('Attempts, newest first')}>
                  {[...data.attempts].reverse().map((attempt, i) => (
                    <Attempt key={`${attempt.event_at ?? ''}/${data.attempts.length - i}`} attempt={attempt} />
                  ))}
                </ol>
              </>
            )}
          </Answered>
        )}
      </Page>
    </>
  )
}

function Attempt({ attempt }: { attempt: TraceAttempt }) {
  return (
    <li className={styles.attempt}>
      <div className={styles.head}>
        <h2>{attempt.event}</h2>
        <Chip tone={attempt.entered ? 'good' : 'plain'} dot>
          {attempt.entered ? t('entered v{{version}}', { version: String(attempt.version) }) : t('did not enter')}
        </Chip>
        {attempt.arm && <Chip>{armWords(attempt.arm)}</Chip>}
        {attempt.event_at && (
          <time className="quiet" dateTime={attempt.event_at} title={full(attempt.event_at)}>
            {shortDay(attempt.event_at, new Date())}, {clockSeconds(attempt.event_at)}
          </time>
        )}
      </div>
      {attempt.entered ? (
        <ol className={styles.moments}>
          {attempt.moments.map((moment, i) => (
            <Line key={i} moment={moment} />
          ))}
        </ol>
      ) : (
        <p>{told(attempt.words)}</p>
      )}
    </li>
  )
}

function Line({ moment }: { moment: TraceMoment }) {
  const { words, detail, tone } = momentWords(moment)
  return (
    <li data-tone={tone}>
      <time className="quiet" dateTime={moment.at} title={full(moment.at)}>
        {shortDay(moment.at, new Date())}, {clockSeconds(moment.at)}
      </time>
      <span>
        <b>{words}</b>
        {detail && <span className="quiet"> · {detail}</span>}
      </span>
    </li>
  )
}
