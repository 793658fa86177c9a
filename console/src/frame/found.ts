import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Funnel, type LucideIcon, Send, User, Waypoints } from 'lucide-react'
import { people, runs, segments } from '~/api/queries'
import { personName } from '~/words/people'
import { PLACES } from './places'

export interface Found {
  key: string
  label: string
  note: string
  icon: LucideIcon
  go: () => void
}

export function useFound(text: string): Found[] {
  const navigate = useNavigate()
  const wanted = text.trim().toLowerCase()
  const [asked] = useDebouncedValue(wanted, 180)
  const persons = useQuery({ ...people(asked, 1), enabled: asked.length > 1 }).data?.people ?? []
  const journeys = useQuery(runs('journey')).data ?? []
  const campaigns = useQuery(runs('campaign')).data ?? []
  const saved = useQuery(segments).data ?? []
  const items: Found[] = [
    ...PLACES.flatMap(({ places }) => places).map((place) => ({
      key: place.to, label: place.label, note: 'Page', icon: place.icon, go: () => void navigate({ to: place.to }),
    })),
    ...saved.map(({ id, name }) => ({
      key: `s${id}`, label: name, note: 'Segment', icon: Funnel, go: () => void navigate({ to: '/segments/$id', params: { id } }),
    })),
    ...journeys.map(({ id, name }) => ({
      key: `j${id}`, label: name, note: 'Journey', icon: Waypoints, go: () => void navigate({ to: '/journeys/$id', params: { id } }),
    })),
    ...campaigns.map(({ id, name }) => ({
      key: `c${id}`, label: name, note: 'Campaign', icon: Send, go: () => void navigate({ to: '/campaigns/$id', params: { id } }),
    })),
  ].filter((item) => item.label.toLowerCase().includes(wanted))
  if (wanted.length < 2) return items
  const named = persons.slice(0, 8).map((person) => {
    const id = person.user_id
    const go = () => void navigate({ to: '/people/$id', params: { id } })
    return { key: `p${person.person}`, label: personName(person), note: id, icon: User, go }
  })
  return [...items, ...named]
}
