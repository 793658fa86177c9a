import { ActionIcon, Button, Menu, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal } from 'lucide-react'
import { useState } from 'react'
import { type Account, accounts as accountsQuery, changeAccount, ROLES } from '~/api/accounts'
import { useMay } from '~/api/may'
import { session } from '~/api/queries'
import { Chip, type ChipTone } from '~/parts/Chip'
import { PeopleDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { PersonMark } from '~/parts/PersonMark'
import { Answered, Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { roleAbout, roleName } from '~/words/roles'
import { type Deed, DeedDialog } from './AccountDialogs'
import { InviteDialog } from './InviteDialog'
import styles from './Settings.module.css'

const STATES: Record<Account['state'], [ChipTone, () => string]> = {
  active: ['good', () => t('active')],
  invited: ['accent', () => t('invited')],
  disabled: ['plain', () => t('disabled')],
}

/** Everybody who works here, and by what role. */
export function AccountsTab() {
  const may = useMay()
  const query = useQuery(accountsQuery)
  const [inviting, setInviting] = useState(false)
  const [doing, setDoing] = useState<{ deed: Deed; account: Account } | null>(null)
  const [failed, setFailed] = useState<Error | null>(null)
  return (
    <div className={styles.stack}>
      <div className={styles.line}>
        {may('accounts:write') ? (
          <Button variant="filled" onClick={() => setInviting(true)}>
            {t('Invite somebody')}
          </Button>
        ) : (
          <p className="quiet">{t('Owners and admins invite people and give them roles: ask one of those below for what you may not do.')}</p>
        )}
      </div>
      {failed && (
        <p className={styles.bad} role="alert">
          {t('Not changed.')} {failed.message}
        </p>
      )}
      <Answered query={query} what={t('The accounts did not load')}>
        {(accounts) =>
          accounts.length === 0 ? (
            <div className={pageStyles.card}>
              <Empty title={t('Nobody has an account yet')} drawing={<PeopleDrawing />}>
                {t('Invite somebody: they get a link, and choose a password.')}
              </Empty>
            </div>
          ) : (
            <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Accounts')}>
              <table className={tableStyles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Name')}</th>
                    <th scope="col">{t('Role')}</th>
                    <th scope="col">{t('State')}</th>
                    <th scope="col">{t('Second factor')}</th>
                    <th scope="col">{t('Last seen')}</th>
                    <th scope="col">
                      <span className="unseen">{t('Actions')}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {accounts.map((each) => (
                    <Row key={each.id} value={each} act={(deed) => setDoing({ deed, account: each })} failed={setFailed} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answered>
      <details>
        <summary className={styles.summary}>{t('What each role may do')}</summary>
        <dl className={styles.facts}>
          {ROLES.map((role) => (
            <div key={role}>
              <dt>{roleName(role)}</dt>
              <dd>{roleAbout(role)}</dd>
            </div>
          ))}
        </dl>
      </details>
      {inviting && <InviteDialog close={() => setInviting(false)} />}
      {doing && <DeedDialog {...doing} close={() => setDoing(null)} />}
    </div>
  )
}

function Row({ value, act, failed }: { value: Account; act: (deed: Deed) => void; failed: (error: Error | null) => void }) {
  const may = useMay()
  const own = useQuery(session).data?.account
  const name = value.name || value.email
  const [tone, word] = STATES[value.state]
  // Only an owner makes owners and unmakes them, and nobody shuts themselves out.
  const mine = own?.id === value.id
  const changeable = may('accounts:write') && !mine && (own?.role === 'owner' || value.role !== 'owner')
  return (
    <tr>
      <td>
        <span className={styles.person}>
          <PersonMark name={name} size={24} />
          <span className={styles.names}>
            <span className={`${tableStyles.name} cut`}>
              {name} {mine && <span className="faint">{t('(you)')}</span>}
            </span>
            {value.name && <span className="faint cut">{value.email}</span>}
          </span>
        </span>
      </td>
      <td>{changeable ? <RoleSelect value={value} owner={own?.role === 'owner'} failed={failed} /> : roleName(value.role)}</td>
      <td>
        <Chip tone={tone} dot>
          {word()}
        </Chip>
      </td>
      <td className="quiet">{value.two_factor ? t('on') : t('off')}</td>
      <td className="quiet">
        <Ago at={value.last_seen_at} />
      </td>
      <td className={tableStyles.number}>{changeable && <Deeds value={value} name={name} act={act} />}</td>
    </tr>
  )
}

function RoleSelect({ value, owner, failed }: { value: Account; owner: boolean; failed: (error: Error | null) => void }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (role: string) => changeAccount(value.id, { role }),
    onSuccess: () => failed(null),
    onError: failed,
    onSettled: () => client.invalidateQueries({ queryKey: accountsQuery.queryKey }),
  })
  return (
    <Select
      aria-label={t('Role of {{email}}', { email: value.email })}
      w={130}
      comboboxProps={{ width: 300, position: 'bottom-start' }}
      data={ROLES.filter((role) => owner || role !== 'owner').map((role) => ({ value: role, label: roleName(role) }))}
      renderOption={({ option }) => (
        <span>
          {option.label}
          <span className={styles.option}>{roleAbout(option.value)}</span>
        </span>
      )}
      value={change.isPending ? change.variables : value.role}
      disabled={change.isPending}
      onChange={(role) => role && role !== value.role && change.mutate(role)}
    />
  )
}

function Deeds({ value, name, act }: { value: Account; name: string; act: (deed: Deed) => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t('What to do with {{name}}', { name })}>
          <MoreHorizontal size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {value.state === 'active' && <Menu.Item onClick={() => act('sessions')}>{t('Where they are signed in')}</Menu.Item>}
        {value.state === 'active' && <Menu.Item onClick={() => act('reset')}>{t('Link to a new password')}</Menu.Item>}
        {value.state === 'invited' && <Menu.Item onClick={() => act('again')}>{t('Make another link')}</Menu.Item>}
        {value.two_factor && <Menu.Item onClick={() => act('no-second-factor')}>{t('Remove their second factor')}</Menu.Item>}
        {value.state === 'active' && <Menu.Item onClick={() => act('disable')}>{t('Disable')}</Menu.Item>}
        {value.state === 'disabled' && <Menu.Item onClick={() => act('enable')}>{t('Enable again')}</Menu.Item>}
        <Menu.Item onClick={() => act('remove')}>{value.state === 'invited' ? t('Take the invitation back') : t('Remove')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
