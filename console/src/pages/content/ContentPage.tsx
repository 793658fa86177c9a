import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { TopBar } from '~/frame/TopBar'
import { PausedStrip } from '~/parts/Live'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import panes from '../data/DataPage.module.css'
import { CataloguesTab } from './CataloguesTab'
import { CouponsTab } from './CouponsTab'
import { TemplatesTab } from './TemplatesTab'

const here = getRouteApi('/content')

/** What messages are made of: templates, blocks, what they look things up in, and the codes they hand out. */
export function ContentPage() {
  const tab = tabOf(here.useSearch().tab, ['templates', 'catalogues', 'coupons'])
  const navigate = here.useNavigate()
  return (
    <>
      <TopBar title={t('Content')} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== 'templates' ? { tab: next } : {} })} className={panes.tabs}>
        <Tabs.List className={panes.list}>
          <Tabs.Tab value="templates">{t('Templates')}</Tabs.Tab>
          <Tabs.Tab value="catalogues">{t('Catalogues')}</Tabs.Tab>
          <Tabs.Tab value="coupons">{t('Coupons')}</Tabs.Tab>
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="templates" className={panes.panel} tabIndex={0}>
          <TemplatesTab />
        </Tabs.Panel>
        <Tabs.Panel value="catalogues" className={panes.panel} tabIndex={0}>
          <CataloguesTab />
        </Tabs.Panel>
        <Tabs.Panel value="coupons" className={panes.panel} tabIndex={0}>
          <CouponsTab />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
