import { Button, SegmentedControl } from '@mantine/core'
import { useInViewport } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Chip, StateChip } from '~/parts/Chip'
import { ForkDrawing } from '~/parts/Drawings'
import { useNow } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { SearchBox } from '~/parts/SearchBox'
import { Empty } from '~/parts/States'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { duration, shortDay } from '~/words/moments'
import { count, NONE } from '~/words/numbers'
import styles from './Experiments.module.css'
import { kindWords } from './kinds'
import { type Listed, trial } from './trials'
import { peopleIn, verdictOf } from './verdict'

interface Props {
  trials: Listed[]
  make: (() => void) | undefined
  plan: () => void
}

const RUNS = new Set(['running', 'live'])

/** Whatever is tried, with what it says by now. */
export function TrialsTab({ trials, make, plan }: Props) {
  const [text, setText] = useState('')
  const [state, setState] = useState('all')
  if (trials.length === 0) return <NothingTried make={make} plan={plan} />
  const wanted = text.trim().toLowerCase()
  const found = trials.filter(
    (each) =>
      (state === 'all' || (state === 'running') === RUNS.has(each.state)) &&
      (wanted === '' || [each.name, each.id, each.goal, ...each.variants].some((one) => one.toLowerCase().includes(wanted))),
  )
  return (
    <div className={styles.stack}>
      <div className={styles.tools}>
        <SearchBox label={t('Find an experiment')} hint={t('Name, goal or variant')} value={text} onChange={setText} />
        <SegmentedControl
          aria-label={t('Which experiments')}
          data={[
            { value: 'all', label: t('All') },
            { value: 'running', label: t('Running') },
            { value: 'over', label: t('Not running') },
          ]}
          value={state}
          onChange={setState}
        />
      </div>
      {found.length === 0 ? (
        <div className={pageStyles.card}>
          <Empty
            title={t('No experiment matches')}
            actions={
              <Button
                onClick={() => {
                  setText('')
                  setState('all')
                }}
              >
                {t('Show all')}
              </Button>
            }
          >
            {t('Loosen what you look for, or the state.')}
          </Empty>
        </div>
      ) : (
        <div className={tables.block} tabIndex={0} role="region" aria-label={t('Experiments')}>
          <table className={tables.table}>
            <thead>
              <tr>
                <th scope="col">{t('Name')}</th>
                <th scope="col">{t('What it is')}</th>
                <th scope="col">{t('State')}</th>
                <th scope="col">{t('What it says')}</th>
                <th scope="col" className={tables.number}>
                  {t('People')}
                </th>
                <th scope="col">{t('Decided by')}</th>
                <th scope="col">{t('Since')}</th>
              </tr>
            </thead>
            <tbody>
              {found.map((each) => (
                <Row key={each.id} listed={each} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

/** A trial is read when its row is seen: reading counts everybody who takes part. */
function Row({ listed }: { listed: Listed }) {
  const { ref, inViewport } = useInViewport<HTMLTableRowElement>()
  const now = useNow()
  const query = useQuery({ ...trial(listed.id), enabled: inViewport && listed.state !== 'draft' })
  const read = query.data
  const verdict = read && verdictOf(read, now)
  return (
    <tr ref={ref}>
      <td>
        <Link to="/experiments/$id" params={{ id: listed.id }} className={`${tables.name} ${styles.nameCell} cut`} title={listed.name}>
          {listed.name}
        </Link>
      </td>
      <td className="quiet">{kindWords(listed)}</td>
      <td>
        <StateChip state={listed.state} />
      </td>
      <td>
        {verdict ? (
          <span className={styles.said}>
            <Chip tone={verdict.tone}>{verdict.chip}</Chip>
            {verdict.tone !== 'plain' && <span className={`${styles.saidMore} cut`}>{verdict.title}</span>}
          </span>
        ) : listed.state === 'draft' ? (
          <span className="faint">{t('Not started')}</span>
        ) : query.isError ? (
          <span className="faint" title={query.error.message}>
            {t('Nothing to read yet')}
          </span>
        ) : (
          <span className="faint">{t('Reading…')}</span>
        )}
      </td>
      <td className={tables.number}>{read ? count(peopleIn(read)) : NONE}</td>
      <td className="quiet">{t('{{event}} within {{time}}', { event: listed.goal, time: duration(listed.within_seconds) })}</td>
      <td className="quiet">{shortDay(read?.first_assigned ?? listed.changed_at, now)}</td>
    </tr>
  )
}

function NothingTried({ make, plan }: { make: (() => void) | undefined; plan: () => void }) {
  return (
    <div className={pageStyles.card}>
      <Empty
        title={t('Nothing is tried yet')}
        drawing={<ForkDrawing />}
        actions={
          <>
            {make && (
              <Button variant="filled" onClick={make}>
                {t('New experiment')}
              </Button>
            )}
            <Button onClick={plan}>{t('Plan one first')}</Button>
          </>
        }
      >
        {t('An experiment gives people different variants by chance and says which brings more. Splits in journeys and templates with variants are here by themselves.')}
      </Empty>
    </div>
  )
}
