import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { delivery } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { Answered } from '~/parts/States'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import panes from '../data/DataPage.module.css'
import { DeadLettersTab } from './DeadLettersTab'
import { LanesTab } from './LanesTab'

const here = getRouteApi('/delivery')

/** How what is to be sent goes out, and what could not. */
export function DeliveryPage() {
  const tab = tabOf(here.useSearch().tab, ['lanes', 'dead'])
  const navigate = here.useNavigate()
  const query = useQuery(delivery)
  const dead = Object.values(query.data?.dead_letters ?? {}).reduce((sum, each) => sum + each, 0)
  return (
    <>
      <TopBar title={t('Delivery')} beside={<LiveMark />} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== 'lanes' ? { tab: next } : {} })} className={panes.tabs}>
        <Tabs.List className={panes.list}>
          <Tabs.Tab value="lanes">{t('Queues')}</Tabs.Tab>
          <Tabs.Tab value="dead">{t('Dead letters')}{dead > 0 ? ` ${count(dead)}` : ''}</Tabs.Tab>
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="lanes" className={panes.panel} tabIndex={0}>
          <Answered query={query} what={t('The queues did not load')}>
            {(data) => <LanesTab data={data} />}
          </Answered>
        </Tabs.Panel>
        <Tabs.Panel value="dead" className={panes.wide}>
          <DeadLettersTab counts={query.data?.dead_letters ?? {}} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
