import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ChartLine, Funnel, LayoutGrid, type LucideIcon, Send, Shapes, User, Waypoints } from 'lucide-react'
import { boards, savedInsights } from '~/api/boards'
import { templates } from '~/api/channels'
import { useMay } from '~/api/may'
import { people, runs, segments } from '~/api/queries'
import { t } from '~/words/language'
import { personName } from '~/words/people'
import { useCommands } from './commands'
import { PLACES } from './places'
import { rank } from './rank'

export interface Found {
  key: string
  label: string
  note: string
  icon: LucideIcon
  go: () => void
}

const PERSONS_MOST = 8

/** Pages, things to do, and whatever has a name; what fits best comes first, people last. */
export function useFound(text: string): Found[] {
  const navigate = useNavigate()
  const may = useMay()
  const commands = useCommands()
  const wanted = text.trim()
  const [asked] = useDebouncedValue(wanted.toLowerCase(), 180)
  const persons = useQuery({ ...people(asked, 1), enabled: asked.length > 1 && may('people:read') }).data?.people ?? []
  const journeys = useQuery(runs('journey')).data ?? []
  const campaigns = useQuery(runs('campaign')).data ?? []
  const written = useQuery(templates).data ?? []
  const saved = useQuery(segments).data ?? []
  const questions = useQuery(savedInsights).data ?? []
  const laid = useQuery(boards).data ?? []
  const items: Found[] = [
    ...PLACES.flatMap(({ places }) => places)
      .filter(({ needs }) => !needs || may(needs))
      .map((place) => ({ key: place.to, label: place.label, note: t('Page'), icon: place.icon, go: () => void navigate({ to: place.to }) })),
    ...commands.map((command) => ({ ...command, note: t('To do') })),
    ...saved.map(({ id, name }) => ({
      key: `s${id}`, label: name || id, note: t('Segment'), icon: Funnel, go: () => void navigate({ to: '/segments/$id', params: { id } }),
    })),
    ...journeys.map(({ id, name }) => ({
      key: `j${id}`, label: name || id, note: t('Journey'), icon: Waypoints, go: () => void navigate({ to: '/journeys/$id', params: { id } }),
    })),
    ...campaigns.map(({ id, name }) => ({
      key: `c${id}`, label: name || id, note: t('Campaign'), icon: Send, go: () => void navigate({ to: '/campaigns/$id', params: { id } }),
    })),
    ...laid.map(({ id, name }) => ({
      key: `b${id}`, label: name, note: t('Board'), icon: LayoutGrid, go: () => void navigate({ to: '/boards/$id', params: { id } }),
    })),
    ...questions.map(({ id, name, kind, question }) => {
      const search = { q: question, saved: id }
      return {
        key: `i${id}`, label: name, note: t('Saved insight'), icon: ChartLine,
        go: () => void (kind === 'rfm' ? navigate({ to: '/rfm', search }) : navigate({ to: '/insights/$kind', params: { kind }, search })),
      }
    }),
    ...written.map(({ id, name }) => ({
      key: `t${id}`, label: name || id, note: t('Template'), icon: Shapes, go: () => void navigate({ to: '/content/$id', params: { id } }),
    })),
  ]
  const fitting = rank(wanted, items)
  if (wanted.length < 2) return fitting
  const named = persons.slice(0, PERSONS_MOST).map((person) => {
    const id = person.user_id
    const go = () => void navigate({ to: '/people/$id', params: { id } })
    return { key: `p${person.person}`, label: personName(person), note: id, icon: User, go }
  })
  return [...fitting, ...named]
}
