import { Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useMay } from '~/api/may'
import { runs } from '~/api/queries'
import { useTick } from '~/api/feed'
import { waiting } from '~/api/teamwork'
import type { Session } from '~/api/types'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { Mark } from './Mark'
import styles from './Navigation.module.css'
import { openPalette, Palette } from './Palette'
import { type Place, PLACES } from './places'
import { SchemeToggle } from './SchemeToggle'
import { WorkspaceMenu } from './WorkspaceMenu'

export function Navigation({ rail, session }: { rail: boolean; session: Session }) {
  const may = useMay()
  const bar = useRef<HTMLElement>(null)
  const path = useLocation({ select: ({ pathname }) => pathname })
  // On a phone the places are a row that scrolls: the one that is open is to be seen in it.
  useEffect(() => {
    void bar.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path, rail])
  return (
    <nav ref={bar} className={styles.navigation} data-rail={rail || undefined} aria-label={t('Main')}>
      <Link to="/" className={styles.brand}>
        <Mark />
        <span className={styles.word}>Holdfast</span>
      </Link>
      <Tooltip label={t('Search')} position="right" disabled={!rail}>
        <button type="button" className={styles.search} onClick={openPalette}>
          <Search size={14} aria-hidden="true" />
          <span className={styles.word}>{t('Search')}</span>
          <kbd aria-hidden="true">{/mac/i.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
      </Tooltip>
      {PLACES.map(({ heading, places }) => (
        <div key={heading ?? 'top'} className={styles.group}>
          {heading && <div className={styles.heading}>{heading}</div>}
          {places.filter(({ needs }) => !needs || may(needs)).map((place) => (
            <PlaceLink key={place.to} place={place} rail={rail} />
          ))}
        </div>
      ))}
      <div className={styles.foot}>
        <WorkspaceMenu session={session} rail={rail} />
        <SchemeToggle />
      </div>
      <Palette />
    </nav>
  )
}

function PlaceLink({ place, rail }: { place: Place; rail: boolean }) {
  return (
    <Tooltip label={place.label} position="right" disabled={!rail}>
      <Link
        to={place.to}
        className={styles.place}
        activeOptions={{ exact: place.to === '/', includeSearch: false }}
        activeProps={{ 'aria-current': 'page' }}
      >
        <place.icon size={15} aria-hidden="true" />
        <span className={styles.word}>{place.label}</span>
        <Amount to={place.to} />
      </Link>
    </Tooltip>
  )
}

function Amount({ to }: { to: Place['to'] }) {
  const bad = useTick()?.errors_open ?? 0
  const journeys = useQuery(runs('journey')).data?.length ?? 0
  const { data } = useQuery(waiting)
  const asked = data ? data.waiting + data.mentions : 0
  if (to === '/data' && bad > 0) {
    return (
      <span className={styles.amount}>
        {count(bad)}
        <span className="unseen"> {t('bad records')}</span>
      </span>
    )
  }
  if (to === '/approvals' && asked > 0) {
    return (
      <span className={styles.amount}>
        {count(asked)}
        <span className="unseen"> {t('waiting')}</span>
      </span>
    )
  }
  if (to === '/journeys' && journeys > 0) return <span className={styles.amount} data-quiet>{count(journeys)}</span>
  return null
}
