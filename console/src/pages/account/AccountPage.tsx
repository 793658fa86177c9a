import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { me } from '~/api/accounts'
import { session } from '~/api/queries'
import type { Shape } from '~/api/shape'
import { TopBar } from '~/frame/TopBar'
import { SieveDrawing } from '~/parts/Drawings'
import { PausedStrip } from '~/parts/Live'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import { BrowserTable } from '~/pages/settings/BrowserTable'
import { tabOf } from '~/parts/tabOf'
import { t } from '~/words/language'
import styles from '~/pages/settings/Settings.module.css'
import { ProfileSection } from './ProfileSection'
import { SecondFactorSection } from './SecondFactorSection'

const here = getRouteApi('/account')

/** What people see and change of their own account. */
export function AccountPage() {
  const tab = tabOf(here.useSearch().tab, ['profile', 'second-factor', 'sessions'])
  const navigate = here.useNavigate()
  const account = useQuery(session).data?.account
  if (!account?.email) {
    return (
      <>
        <TopBar title={t('My account')} />
        <Page>
          <div className={pageStyles.card}>
            <Empty title={t('You have no account here')} drawing={<SieveDrawing />}>
              {t('You came by an API key, or the console stands open. Accounts are for people; an owner or admin invites them in Settings, under Accounts.')}
            </Empty>
          </div>
        </Page>
      </>
    )
  }
  return (
    <>
      <TopBar title={t('My account')} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: next && next !== 'profile' ? { tab: next } : {} })} className={styles.tabs}>
        <Tabs.List className={styles.list}>
          <Tabs.Tab value="profile">{t('Name and password')}</Tabs.Tab>
          <Tabs.Tab value="second-factor">{t('Second factor')}</Tabs.Tab>
          <Tabs.Tab value="sessions">{t('Where I am signed in')}</Tabs.Tab>
        </Tabs.List>
        <PausedStrip />
        <Tabs.Panel value="profile" className={styles.panel}>
          <Mine>{(mine) => <ProfileSection mine={mine} />}</Mine>
        </Tabs.Panel>
        <Tabs.Panel value="second-factor" className={styles.panel}>
          <Mine>{(mine) => <SecondFactorSection mine={mine} />}</Mine>
        </Tabs.Panel>
        <Tabs.Panel value="sessions" className={styles.panel}>
          <BrowserTable account={null} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function Mine({ children }: { children: (mine: Shape<'MeShape'>) => ReactNode }) {
  return (
    <Answered query={useQuery(me)} what={t('Your account did not load')}>
      {children}
    </Answered>
  )
}
