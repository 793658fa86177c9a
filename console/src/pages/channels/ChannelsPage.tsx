import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { PausedStrip } from '~/parts/Live'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import panes from '../data/DataPage.module.css'
import { ConnectionsTab } from './ConnectionsTab'
import { DomainsTab } from './DomainsTab'
import { SuppressionsTab } from './SuppressionsTab'

const here = getRouteApi('/channels')

/** By what messages go out, what stands in the DNS for them, and to whom nothing goes. */
export function ChannelsPage() {
  const tab = tabOf(here.useSearch().tab, ['connections', 'domains', 'suppressions'])
  const navigate = here.useNavigate()
  return (
    <>
      <TopBar title={t('Channels')} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== 'connections' ? { tab: next } : {} })} className={panes.tabs}>
        <Tabs.List className={panes.list}>
          <Tabs.Tab value="connections">{t('Connections')}</Tabs.Tab>
          <Tabs.Tab value="domains">{t('Email domains')}</Tabs.Tab>
          <Tabs.Tab value="suppressions">{t('Suppressions')}</Tabs.Tab>
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="connections" className={panes.panel} tabIndex={0}>
          <ConnectionsTab />
        </Tabs.Panel>
        <Tabs.Panel value="domains" className={panes.panel} tabIndex={0}>
          <DomainsTab />
        </Tabs.Panel>
        <Tabs.Panel value="suppressions" className={panes.panel} tabIndex={0}>
          <SuppressionsTab />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
