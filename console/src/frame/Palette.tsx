import { Modal } from '@mantine/core'
import { useDebouncedValue, useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useState } from 'react'
import { Filter, Search, Send, User, Waypoints } from 'lucide-react'
import { people, runs, segments } from '~/api/queries'
import { personName } from '~/words/people'
import styles from './Palette.module.css'
import { PLACES } from './places'

const ASKED = 'holdfast:palette'

export const openPalette = () => window.dispatchEvent(new Event(ASKED))

/** Find a page, a person, a segment, a journey or a campaign by typing a few letters. */
export function Palette() {
  const [open, setOpen] = useState(false)
  useHotkeys([['mod+K', () => setOpen(true)]], [])
  useEffect(() => {
    const show = () => setOpen(true)
    window.addEventListener(ASKED, show)
    return () => window.removeEventListener(ASKED, show)
  }, [])
  return (
    <Modal opened={open} onClose={() => setOpen(false)} withCloseButton={false} padding={0} size={520} yOffset="14dvh" centered={false} title={null} aria-label="Search">
      {open && <Finder close={() => setOpen(false)} />}
    </Modal>
  )
}

interface Found {
  key: string
  label: string
  note: string
  icon: typeof Search
  go: () => void
}

function Finder({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const found = useFound(text)
  const chosen = Math.min(at, found.length - 1)
  const pick = (item: Found | undefined) => {
    if (!item) return
    close()
    item.go()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
    else if (event.key === 'Enter') pick(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <div>
      <div className={styles.field}>
        <Search size={16} aria-hidden="true" />
        <input
          role="combobox"
          aria-label="Search"
          aria-expanded={found.length > 0}
          aria-controls={list}
          aria-activedescendant={found[chosen] ? `${list}-${chosen}` : undefined}
          placeholder="Find a page, a person, a segment, a journey"
          data-autofocus
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul id={list} role="listbox" aria-label="Found" className={styles.list}>
        {found.map((item, i) => (
          <li
            key={item.key}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={styles.item}
            onClick={() => pick(item)}
            onMouseMove={() => setAt(i)}
          >
            <item.icon size={15} aria-hidden="true" />
            <span className="cut">{item.label}</span>
            <span className={styles.note}>{item.note}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles.none}>Nothing is called “{text}”.</p>}
    </div>
  )
}

function useFound(text: string): Found[] {
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
      key: `s${id}`, label: name, note: 'Segment', icon: Filter, go: () => void navigate({ to: '/segments/$id', params: { id } }),
    })),
    ...journeys.map(({ id, name }) => ({
      key: `j${id}`, label: name, note: 'Journey', icon: Waypoints, go: () => void navigate({ to: '/journeys/$id', params: { id } }),
    })),
    ...campaigns.map(({ id, name }) => ({
      key: `c${id}`, label: name, note: 'Campaign', icon: Send, go: () => void navigate({ to: '/campaigns/$id', params: { id } }),
    })),
  ].filter((item) => item.label.toLowerCase().includes(wanted))
  if (wanted.length < 2) return items
  const named = persons.slice(0, 8).flatMap((person) => {
    const id = person.user_id
    if (!id) return []
    const go = () => void navigate({ to: '/people/$id', params: { id } })
    return [{ key: `p${person.person}`, label: personName(person), note: id, icon: User, go }]
  })
  return [...items, ...named]
}
