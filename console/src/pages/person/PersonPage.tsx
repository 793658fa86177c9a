import { ActionIcon, Button, Menu, Tabs, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Download, Ellipsis, Merge, Route, Smartphone, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import { route } from '~/api/client'
import { Stream } from '~/api/live'
import { useMay } from '~/api/may'
import { person } from '~/api/queries'
import type { Person } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { Answered, Waiting } from '~/parts/States'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { personName } from '~/words/people'
import { ConsentSection } from './ConsentSection'
import { CountsSection } from './CountsSection'
import { DevicesSection } from './DevicesSection'
import { EraseDialog } from './EraseDialog'
import { ExperimentsSection } from './ExperimentsSection'
import { Header } from './Header'
import { IdentitiesSection } from './IdentitiesSection'
import { MergeDialog } from './MergeDialog'
import { MessagesTab } from './MessagesTab'
import styles from './PersonPage.module.css'
import { SegmentsSection } from './SegmentsSection'
import { Timeline } from './Timeline'
import { TraitsSection } from './TraitsSection'
import { Visits } from './Visits'

const here = getRouteApi('/people/$id')
const PARENT = { to: '/people', label: t('People') } as const

export function PersonPage() {
  const { id } = here.useParams()
  const query = useQuery(person(id))
  const navigate = useNavigate()
  const [open, setOpen] = useState<'merge' | 'erase' | null>(null)
  const may = useMay()
  // On a phone there is room for one action; the others stand in the menu.
  const narrow = useNarrow()
  const seldom = narrow ? t('More') : t('Export or erase')
  const data = query.data
  const close = () => setOpen(null)
  const phone = () => void navigate({ to: '/mailbox', search: { person: id } })
  return (
    <>
      <TopBar title={data ? short(personName(data)) : id} parent={PARENT} beside={data && <code className="faint cut">{short(data.user_id ?? id)}</code>}>
        {data && (
          <Button leftSection={<Route size={14} />} onClick={() => void navigate({ to: '/people/$id/why', params: { id } })}>
            {t('Why a message')}
          </Button>
        )}
        {data && !narrow && (
          <Button leftSection={<Smartphone size={14} />} onClick={phone}>
            {t('Their phone')}
          </Button>
        )}
        {data && may('people:write') && !narrow && (
          <Button leftSection={<Merge size={14} />} onClick={() => setOpen('merge')}>
            {t('Merge with someone')}
          </Button>
        )}
        {data && (narrow || may('people:erase')) && (
          <Menu position="bottom-end">
            <Tooltip label={seldom}>
              <Menu.Target>
                <ActionIcon aria-label={seldom}>
                  <Ellipsis size={16} />
                </ActionIcon>
              </Menu.Target>
            </Tooltip>
            <Menu.Dropdown>
              {narrow && (
                <Menu.Item leftSection={<Smartphone size={14} />} onClick={phone}>
                  {t('Their phone')}
                </Menu.Item>
              )}
              {narrow && may('people:write') && (
                <Menu.Item leftSection={<Merge size={14} />} onClick={() => setOpen('merge')}>
                  {t('Merge with someone')}
                </Menu.Item>
              )}
              {may('people:erase') && (
                <>
                  <Menu.Item leftSection={<Download size={14} />} component="a" href={route`/api/people/${id}/export`} download>
                    {t('Export everything held of them')}
                  </Menu.Item>
                  <Menu.Item leftSection={<Trash2 size={14} />} onClick={() => setOpen('erase')}>
                    {t('Erase them for good')}
                  </Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </TopBar>
      <Answered query={query} what={t('This person did not load')} parent={PARENT} waiting={<Waiting rows={10} />}>
        {(data) => (
          <>
            <Panes key={id} id={id} person={data} />
            {open === 'merge' && <MergeDialog person={data} id={id} close={close} />}
            {open === 'erase' && <EraseDialog person={data} id={id} close={close} />}
          </>
        )}
      </Answered>
    </>
  )
}

/** A name of four thousand letters is still one line of a bar. */
const LETTERS_MOST = 120
const short = (text: string) => (text.length > LETTERS_MOST ? `${text.slice(0, LETTERS_MOST)}…` : text)

function Panes({ id, person: shown }: { id: string; person: Person }) {
  const { tab = 'everything', event = null } = here.useSearch()
  const navigate = here.useNavigate()
  const setEvent = (next: string | null) => void navigate({ search: { event: next ?? undefined }, replace: true })
  const stream = useMemo(() => new Stream(route`/api/people/${id}/live`, ['happened']), [id])
  return (
    <div className={styles.panes}>
      <aside className={styles.side} aria-label={t('About this person')} tabIndex={0}>
        <Header person={shown} />
        <TraitsSection id={id} person={shown} />
        <ConsentSection id={id} person={shown} />
        <SegmentsSection id={id} />
        <CountsSection counts={shown.event_counts} chosen={event} choose={setEvent} />
        <DevicesSection devices={shown.devices ?? []} />
        <ExperimentsSection variants={shown.variants ?? []} />
        <IdentitiesSection id={id} person={shown} />
      </aside>
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: (old) => ({ ...old, tab: next && next !== 'everything' ? next : undefined }), replace: true })}
        className={styles.main}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="everything">{event ? short(event) : t('Everything')}</Tabs.Tab>
          <Tabs.Tab value="messages">{t('Messages')}</Tabs.Tab>
          <Tabs.Tab value="journeys">{t('Journeys')}{shown.visits.length > 0 ? ` ${count(shown.visits.length)}` : ''}</Tabs.Tab>
          <span className={styles.live}>
            <LiveMark stream={stream} />
          </span>
        </Tabs.List>
        <PausedStrip stream={stream} />
        <Tabs.Panel value="everything" className={styles.panel} tabIndex={-1}>
          <Timeline id={id} event={event} stream={stream} clear={() => setEvent(null)} />
        </Tabs.Panel>
        <Tabs.Panel value="messages" className={styles.panel}>
          <MessagesTab id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="journeys" className={styles.panel}>
          <Visits id={id} visits={shown.visits} />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}
