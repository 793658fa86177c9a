import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { people } from '~/api/queries'
import { useMay } from '~/api/may'
import { TopBar } from '~/frame/TopBar'
import { SendTab } from '~/pages/data/SendTab'
import { Page } from '~/parts/Page'
import { PersonMark } from '~/parts/PersonMark'
import { Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { personName } from '~/words/people'
import { FirstMessage } from './FirstMessage'
import styles from './Guide.module.css'
import { doneIn, nextIn, type Progress, STEPS, type Step, useDismissed, useProgress } from './progress'
import { STEP_WORDS } from './words'

/** `/start`: from nothing to the first message. */
export function GuidePage() {
  const progress = useProgress()
  const [dismissed, dismiss] = useDismissed()
  return (
    <>
      <TopBar title={t('Getting started')}>
        <Button onClick={() => dismiss(!dismissed)}>{dismissed ? t('Show it on the overview') : t('Leave it off the overview')}</Button>
      </TopBar>
      <Page>{progress ? <Steps progress={progress} /> : <Waiting rows={5} height={64} />}</Page>
    </>
  )
}

const BODIES: Record<Step, () => ReactNode> = {
  source: () => <Source />,
  event: () => <p className="quiet">{t('Everybody an event comes from gets a page here: what they did, what is known of them, what they were sent.')}</p>,
  message: () => <FirstMessage />,
  segment: () => <Go needs="analyses:write" to="segment" words={t('A segment is a group of people by what they did and what they are, counted while you build it.')} />,
  journey: () => <Go needs="decisions:write" to="journey" words={t('A journey writes to each person when it is their moment, and leaves some out to prove what it brought.')} />,
}

function Steps({ progress }: { progress: Progress }) {
  const next = nextIn(progress)
  return (
    <>
      <p role="status">
        {next === undefined
          ? t('All is set up. This page stays in the menu at the bottom left.')
          : t('{{done}} of {{all}} steps done.', { done: doneIn(progress), all: STEPS.length })}
      </p>
      <ol className={styles.steps}>
        {STEPS.map((step, i) => (
          <li key={step} className={styles.step} data-done={progress[step] || undefined} aria-current={step === next ? 'step' : undefined}>
            <span className={styles.number} aria-hidden="true">
              {progress[step] ? <Check size={14} /> : i + 1}
            </span>
            <div className={styles.body}>
              <h2>
                {STEP_WORDS[step]()}
                {progress[step] && <span className={styles.done}> {t('Done')}</span>}
              </h2>
              {progress[step] ? <Found step={step} /> : (step === next || step === 'message') && BODIES[step]()}
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}

function Source() {
  return (
    <>
      <SendTab />
      <p className={styles.waiting} role="status">
        <span className={styles.dot} aria-hidden="true" />
        {t('Waiting for the first event. This turns by itself when it is here.')}
      </p>
    </>
  )
}

/** Where what is done can be looked at. */
function Found({ step }: { step: Step }) {
  switch (step) {
    case 'source':
      return (
        <Link to="/data" search={{ tab: 'live' }} className="link">
          {t('See what arrives')}
        </Link>
      )
    case 'event':
      return <FirstPerson />
    case 'message':
      return (
        <Link to="/mailbox" className="link">
          {t('Look at it in the mailbox')}
        </Link>
      )
    case 'segment':
      return (
        <Link to="/segments" className="link">
          {t('Segments')}
        </Link>
      )
    case 'journey':
      return (
        <Link to="/journeys" className="link">
          {t('Journeys')}
        </Link>
      )
  }
}

function FirstPerson() {
  const may = useMay()('people:read')
  const { data } = useQuery({ ...people('', 1), enabled: may, refetchInterval: (query) => (query.state.data?.people.length ? false : 2_000) })
  const person = data?.people[0]
  if (!person) return null
  return (
    <Link to="/people/$id" params={{ id: person.user_id }} className={styles.person}>
      <PersonMark name={personName(person)} size={24} />
      <span>{personName(person)}</span>
    </Link>
  )
}

function Go({ needs, to, words }: { needs: 'analyses:write' | 'decisions:write'; to: 'segment' | 'journey'; words: string }) {
  const may = useMay()(needs)
  const navigate = useNavigate()
  return (
    <>
      <p className="quiet">{words}</p>
      {may ? (
        to === 'segment' ? (
          <Button onClick={() => void navigate({ to: '/segments/$id', params: { id: 'new' } })}>
            {t('New segment')}
          </Button>
        ) : (
          <Button onClick={() => void navigate({ to: '/journeys/$id', params: { id: 'new' } })}>
            {t('New journey')}
          </Button>
        )
      ) : (
        <p className="quiet">{t('An owner or admin can let you do this, in Settings → Accounts.')}</p>
      )}
    </>
  )
}
