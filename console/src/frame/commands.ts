import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Languages, type LucideIcon, Moon, Plus, Sun } from 'lucide-react'
import { type Permission, useMay } from '~/api/may'
import { language, LANGUAGES, type Language, speak, t } from '~/words/language'

export interface Command {
  key: string
  label: string
  icon: LucideIcon
  go: () => void
  needs?: Permission
}

/** What can be begun from anywhere. */
export function useCommands(): Command[] {
  const navigate = useNavigate()
  const may = useMay()
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const commands: Command[] = [
    { key: 'new-segment', label: t('New segment'), icon: Plus, needs: 'analyses:write', go: () => void navigate({ to: '/segments/$id', params: { id: 'new' } }) },
    { key: 'new-journey', label: t('New journey'), icon: Plus, needs: 'decisions:write', go: () => void navigate({ to: '/journeys' }) },
    { key: 'new-campaign', label: t('New campaign'), icon: Plus, needs: 'decisions:write', go: () => void navigate({ to: '/campaigns' }) },
    { key: 'new-experiment', label: t('New experiment'), icon: Plus, needs: 'decisions:write', go: () => void navigate({ to: '/experiments' }) },
    { key: 'scheme', label: dark ? t('Switch to light') : t('Switch to dark'), icon: dark ? Sun : Moon, go: () => setColorScheme(dark ? 'light' : 'dark') },
    ...(Object.keys(LANGUAGES) as Language[])
      .filter((each) => each !== language())
      // A language is named as those who speak it name it.
      .map((each) => ({ key: `language-${each}`, label: LANGUAGES[each], icon: Languages, go: () => speak(each) })),
  ]
  return commands.filter(({ needs }) => !needs || may(needs))
}
