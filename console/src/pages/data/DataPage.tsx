import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useTick } from '~/api/feed'
import { TopBar } from '~/frame/TopBar'
import { KeysTab } from '~/pages/settings/KeysTab'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import { BadRecordsTab } from './BadRecordsTab'
import styles from './DataPage.module.css'
import { EventsTab } from './EventsTab'
import { FilesTab } from './FilesTab'
import { ListsTab } from './ListsTab'
import { LiveTab } from './LiveTab'
import { SendTab } from './SendTab'
import { TraitsTab } from './TraitsTab'

const here = getRouteApi('/data')
const TABS = ['records', 'events', 'traits', 'send', 'live', 'files', 'lists', 'keys']

/** What is shown where no tab is asked for: how to send data, as long as nothing ever came. It does not change underhand. */
function useFirstTab(): 'records' | 'send' {
  const tick = useTick()
  const nothing = tick && tick.events === 0 && tick.errors_open === 0
  const [first, setFirst] = useState<'records' | 'send' | null>(null)
  if (tick && first === null) setFirst(nothing ? 'send' : 'records')
  return first ?? 'records'
}

/** What comes in, what did not fit, and how to send more. */
export function DataPage() {
  const first = useFirstTab()
  const tab = tabOf(here.useSearch().tab, [first, ...TABS])
  const navigate = here.useNavigate()
  const bad = useTick()?.errors_open ?? 0
  return (
    <>
      <TopBar title={t('Data')} beside={<LiveMark />} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== first ? { tab: next } : {} })} className={styles.tabs}>
        <Tabs.List className={styles.list}>
          <Tabs.Tab value="records">{t('Bad records')}{bad > 0 ? ` ${count(bad)}` : ''}</Tabs.Tab>
          <Tabs.Tab value="events">{t('Events')}</Tabs.Tab>
          <Tabs.Tab value="traits">{t('Traits')}</Tabs.Tab>
          <Tabs.Tab value="send">{t('Send data')}</Tabs.Tab>
          <Tabs.Tab value="live">{t('Live events')}</Tabs.Tab>
          <Tabs.Tab value="files">{t('Import and export')}</Tabs.Tab>
          <Tabs.Tab value="lists">{t('Lists')}</Tabs.Tab>
          <Tabs.Tab value="keys">{t('Keys')}</Tabs.Tab>
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="records" className={styles.wide}>
          <BadRecordsTab />
        </Tabs.Panel>
        <Tabs.Panel value="events" className={styles.panel} tabIndex={0}>
          <EventsTab />
        </Tabs.Panel>
        <Tabs.Panel value="traits" className={styles.panel} tabIndex={0}>
          <TraitsTab />
        </Tabs.Panel>
        <Tabs.Panel value="send" className={styles.panel} tabIndex={0}>
          <SendTab />
        </Tabs.Panel>
        <Tabs.Panel value="live" className={styles.panel} tabIndex={0}>
          <LiveTab />
        </Tabs.Panel>
        <Tabs.Panel value="files" className={styles.panel} tabIndex={0}>
          <FilesTab />
        </Tabs.Panel>
        <Tabs.Panel value="lists" className={styles.panel} tabIndex={0}>
          <ListsTab />
        </Tabs.Panel>
        <Tabs.Panel value="keys" className={styles.panel} tabIndex={0}>
          <KeysTab kind="write" />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
