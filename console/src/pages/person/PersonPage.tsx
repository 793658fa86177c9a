import { Button, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Merge, Route, Smartphone } from 'lucide-react'
import { useMemo, useState } from 'react'
import { route } from '~/api/client'
import { Stream } from '~/api/live'
import { person } from '~/api/queries'
import type { Person } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { Answered, Waiting } from '~/parts/States'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { personName } from '~/words/people'
import { ConsentSection } from './ConsentSection'
import { CountsSection } from './CountsSection'
import { DevicesSection } from './DevicesSection'
import { Header } from './Header'
import { IdentitiesSection } from './IdentitiesSection'
import { MergeDialog } from './MergeDialog'
import styles from './PersonPage.module.css'
import { Timeline } from './Timeline'
import { TraitsSection } from './TraitsSection'
import { Visits } from './Visits'

const here = getRouteApi('/people/$id')
const PARENT = { to: '/people', label: t('People') } as const

export function PersonPage() {
  const { id } = here.useParams()
  const query = useQuery(person(id))
  const navigate = useNavigate()
  const [merging, setMerging] = useState(false)
  const data = query.data
  return (
    <>
      <TopBar title={data ? personName(data) : id} parent={PARENT} beside={data && <code className="faint cut">{data.user_id ?? id}</code>}>
        {data && (
          <Button leftSection={<Route size={14} />} onClick={() => void navigate({ to: '/people/$id/why', params: { id } })}>
            {t('Why a message')}
          </Button>
        )}
        {data && (
          <Button leftSection={<Smartphone size={14} />} onClick={() => void navigate({ to: '/mailbox', search: { person: id } })}>
            {t('Their phone')}
          </Button>
        )}
        {data && (
          <Button leftSection={<Merge size={14} />} onClick={() => setMerging(true)}>
            {t('Merge with someone')}
          </Button>
        )}
      </TopBar>
      <Answered query={query} what={t('This person did not load')} waiting={<Waiting rows={10} />}>
        {(data) => (
          <>
            <Panes key={id} id={id} person={data} />
            {merging && <MergeDialog person={data} id={id} close={() => setMerging(false)} />}
          </>
        )}
      </Answered>
    </>
  )
}

function Panes({ id, person: shown }: { id: string; person: Person }) {
  const [event, setEvent] = useState<string | null>(null)
  const stream = useMemo(() => new Stream(route`/api/people/${id}/live`, ['happened']), [id])
  return (
    <div className={styles.panes}>
      <aside className={styles.side} aria-label={t('About this person')} tabIndex={0}>
        <Header person={shown} />
        <TraitsSection person={shown} />
        <ConsentSection id={id} person={shown} />
        <CountsSection counts={shown.event_counts} chosen={event} choose={setEvent} />
        <DevicesSection devices={shown.devices ?? []} />
        <IdentitiesSection id={id} person={shown} />
      </aside>
      <Tabs defaultValue="everything" className={styles.main}>
        <Tabs.List>
          <Tabs.Tab value="everything">{event ?? t('Everything')}</Tabs.Tab>
          <Tabs.Tab value="journeys">{t('Journeys')}{shown.visits.length > 0 ? ` ${count(shown.visits.length)}` : ''}</Tabs.Tab>
          <span className={styles.live}>
            <LiveMark stream={stream} />
          </span>
        </Tabs.List>
        <PausedStrip stream={stream} />
        <Tabs.Panel value="everything" className={styles.panel} tabIndex={-1}>
          <Timeline id={id} event={event} stream={stream} clear={() => setEvent(null)} />
        </Tabs.Panel>
        <Tabs.Panel value="journeys" className={styles.panel}>
          <Visits id={id} visits={shown.visits} />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}
