import { ActionIcon, Tooltip } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { remove } from '~/api/client'
import { t } from '~/words/language'

/** Signing out. The demo signs everyone in by itself, so there it is not offered. */
export function WorkspaceMenu({ demo }: { demo: boolean }) {
  const client = useQueryClient()
  if (demo) return null
  const leave = async () => {
    await remove('/session')
    client.clear()
    location.assign('/')
  }
  return (
    <Tooltip label={t('Sign out')} position="right">
      <ActionIcon aria-label={t('Sign out')} onClick={() => void leave()}>
        <LogOut size={15} />
      </ActionIcon>
    </Tooltip>
  )
}
