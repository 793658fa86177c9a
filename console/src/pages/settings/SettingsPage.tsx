import { Tabs } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { TopBar } from '~/frame/TopBar'
import { PausedStrip } from '~/parts/Live'
import { RuleCard } from '~/pages/approvals/ApprovalsPage'
import { t } from '~/words/language'
import { AccountsTab } from './AccountsTab'
import { ChoicesTab } from './ChoicesTab'
import { HealthTab } from './HealthTab'
import { KeysTab } from './KeysTab'
import { PrivacyTab } from './PrivacyTab'
import styles from './Settings.module.css'

const here = getRouteApi('/settings')

const WORKSPACE = [
  { title: () => t('Workspace'), names: ['workspace_name', 'help_contact', 'currency', 'time_zone'] },
  {
    title: () => t('People who get no marketing'),
    about: () => t('A small share of people gets no marketing at all, so that it can be seen what marketing brings as a whole.'),
    names: ['global_holdout', 'global_holdout_rotates'],
  },
]

const CONTACT = [
  { title: () => t('Consent and topics'), names: ['consent_default', 'topics'] },
  { title: () => t('Quiet hours'), about: () => t('In the time zone of each person, where it is known.'), names: ['quiet_from', 'quiet_until', 'quiet_policy'] },
  {
    title: () => t('Holidays'),
    about: () => t('A schedule may skip or shift weekends and the public holidays of each person’s country: its composer asks for that. Your own closed days are minded there too.'),
    names: ['closed_days'],
  },
  { title: () => t('How often'), names: ['cap_email_per_day', 'cap_email_per_week', 'contact_caps', 'fatigue', 'service_holds'] },
  { title: () => t('Costs'), names: ['message_costs'] },
]

const SENDING = [
  { title: () => t('Mail'), names: ['email_sender', 'email_warm_up', 'domain_rates'] },
  { title: () => t('How fast'), names: ['send_rates'] },
  { title: () => t('Links and machines'), names: ['linked_hosts', 'link_traps', 'machine_networks'] },
]

const TABS: { id: string; label: () => string; panel: () => ReactNode }[] = [
  { id: 'accounts', label: () => t('Accounts'), panel: () => <AccountsTab /> },
  { id: 'workspace', label: () => t('Workspace'), panel: () => <ChoicesTab sections={WORKSPACE} /> },
  { id: 'contact', label: () => t('Contact rules'), panel: () => <ChoicesTab sections={CONTACT} /> },
  { id: 'sending', label: () => t('Sending'), panel: () => <Sending /> },
  { id: 'approvals', label: () => t('Approvals'), panel: () => <RuleCard /> },
  { id: 'keys', label: () => t('Keys'), panel: () => <KeysTab /> },
  { id: 'privacy', label: () => t('Privacy'), panel: () => <PrivacyTab /> },
  { id: 'health', label: () => t('Health'), panel: () => <HealthTab /> },
]

/** How the workspace is set up, who works here, and how the server stands. */
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

/** What is set up elsewhere, and what holds for all of it. */
function Sending() {
  return (
    <div className={styles.stack}>
      <p className="quiet">
        {t('Providers, domains with their DNS records, and test messages are under')}{' '}
        <Link to="/channels" className="link">
          {t('Channels')}
        </Link>
        {'.'}
      </p>
      <ChoicesTab sections={SENDING} />
    </div>
  )
}
