import { Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, LogOut, Rocket, UserRound } from 'lucide-react'
import { changeMe } from '~/api/accounts'
import { remove } from '~/api/client'
import type { Session } from '~/api/types'
import { language, LANGUAGES, speak, t, type Language } from '~/words/language'
import { AccountButton } from './AccountButton'

/** What is the reader's own: their account, the language, signing out. It is there once it is asked for, and open. */
export default function AccountMenu({ session, rail }: { session: Session; rail: boolean }) {
  const client = useQueryClient()
  const { account, demo } = session
  const leave = async () => {
    await remove('/session')
    client.clear()
    location.assign('/')
  }
  const learn = async (next: Language) => {
    // It is theirs wherever they sign in; without an account it is this browser's.
    if (account?.email) await changeMe({ language: next }).catch(() => undefined)
    speak(next)
  }
  return (
    <Menu defaultOpened withInitialFocusPlaceholder={false} position="top-start" width={200} withinPortal={false} floatingStrategy="fixed">
      <Menu.Target>
        <AccountButton session={session} rail={rail} />
      </Menu.Target>
      <Menu.Dropdown>
        {account?.email && (
          <Menu.Item component={Link} {...{ to: '/account' }} leftSection={<UserRound size={14} aria-hidden="true" />}>
            {t('My account')}
          </Menu.Item>
        )}
        <Menu.Item component={Link} {...{ to: '/start' }} leftSection={<Rocket size={14} aria-hidden="true" />}>
          {t('Getting started')}
        </Menu.Item>
        <Menu.Label>{t('Language')}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            aria-current={each === language() || undefined}
            leftSection={<Check size={14} aria-hidden="true" style={{ visibility: each === language() ? 'visible' : 'hidden' }} />}
            onClick={() => void learn(each)}
          >
            {LANGUAGES[each]}
          </Menu.Item>
        ))}
        {demo !== true && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<LogOut size={14} aria-hidden="true" />} onClick={() => void leave()}>
              {t('Sign out')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
