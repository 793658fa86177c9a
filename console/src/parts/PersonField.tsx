import { Autocomplete } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { people } from '~/api/queries'
import type { PersonRow } from '~/api/types'
import { personName } from '~/words/people'

const DEBOUNCE_MS = 180

interface Props {
  label: string
  description: string
  /** Somebody who was chosen; nobody while something else is being typed. */
  choose: (person: PersonRow | null) => void
}

/** Ids are their own, so that two of one name are told apart. */
const called = (person: PersonRow) => `${personName(person)} · ${person.user_id}`

/** One person, found by name, email or id. Enter takes the first who is found. */
export function PersonField({ label, description, choose }: Props) {
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [wanted] = useDebouncedValue(text, DEBOUNCE_MS)
  const found = useQuery({ ...people(wanted, 1), enabled: wanted.trim() !== '' }).data?.people ?? []
  return (
    <Autocomplete
      label={label}
      description={description}
      data={found.map((person) => ({ value: person.user_id, label: called(person) }))}
      filter={({ options }) => options}
      dropdownOpened={open}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      value={text}
      onChange={(next) => {
        // Whoever is chosen of the list is written out, too.
        setText(next)
        choose(found.find((person) => called(person) === next) ?? null)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !found[0]) return
        event.preventDefault()
        setText(called(found[0]))
        setOpen(false)
        choose(found[0])
      }}
    />
  )
}
