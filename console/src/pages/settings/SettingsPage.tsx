import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { TopBar } from '~/frame/TopBar'
import { PausedStrip } from '~/parts/Live'
import { t } from '~/words/language'
import { AccountsTab } from './AccountsTab'
import { KeysTab } from './KeysTab'
import styles from './Settings.module.css'

const here = getRouteApi('/settings')

const TABS: { id: string; label: () => string; panel: () => ReactNode }[] = [
  { id: 'accounts', label: () => t('Accounts'), panel: () => <AccountsTab /> },
  { id: 'keys', label: () => t('Keys'), panel: () => <KeysTab /> },
]

/** How the workspace is set up, and who works here. */
export function SettingsPage() {
  const { tab } = here.useSearch()
  const navigate = here.useNavigate()
  const first = TABS[0]!.id
  const shown = TABS.some(({ id }) => id === tab) ? tab! : first
  return (
    <>
      <TopBar title={t('Settings')} />
      <Tabs value={shown} onChange={(next) => void navigate({ search: next && next !== first ? { tab: next } : {} })} className={styles.tabs}>
        <Tabs.List className={styles.list}>
          {TABS.map(({ id, label }) => (
            <Tabs.Tab key={id} value={id}>
              {label()}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <PausedStrip />
        {TABS.map(({ id, panel }) => (
          <Tabs.Panel key={id} value={id} className={styles.panel} tabIndex={0}>
            {panel()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  )
}
