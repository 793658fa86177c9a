import { useQuery } from '@tanstack/react-query'
import { accounts } from '~/api/accounts'
import type { Permission } from '~/api/may'
import { SieveDrawing } from '~/parts/Drawings'
import { Empty } from '~/parts/States'
import { t } from '~/words/language'
import { permissionWords } from '~/words/roles'

const NAMED_MOST = 3

/** In the place of what the reader may not see: what it takes, and who can give it. */
export function NeedsMore({ needs }: { needs: Permission }) {
  const granting = (useQuery(accounts).data ?? []).filter(({ role, state }) => state === 'active' && (role === 'owner' || role === 'admin'))
  const names = granting.slice(0, NAMED_MOST).map(({ name, email }) => (name && name !== email ? `${name} (${email})` : email))
  return (
    <Empty title={t('Your role does not let you see this')} drawing={<SieveDrawing />}>
      {t('It takes the permission “{{permission}}”.', { permission: permissionWords(needs) })}{' '}
      {names.length > 0 ? t('An owner or admin can grant it in Settings, under Accounts: {{names}}.', { names: names.join(', ') }) : t('An owner or admin can grant it in Settings, under Accounts.')}
    </Empty>
  )
}
