import { Autocomplete } from '@mantine/core'
import { ChevronsUpDown } from 'lucide-react'
import { useEffect, useState } from 'react'
import styles from './Fields.module.css'

export interface Choice {
  name: string
  /** What stands beside it in the list: how often, of what type. */
  note?: string
}

interface Props {
  label: string
  hint: string
  choices: Choice[]
  value: string
  onChange: (name: string) => void
  seen?: boolean
}

/** A name that was seen before, or one that will be. It is said when it is chosen, or when the field is left. */
export function ChoiceField({ label, hint, choices, value, onChange, seen = false }: Props) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const say = (name: string) => {
    const wanted = name.trim()
    setText(wanted)
    if (wanted !== value) onChange(wanted)
  }
  const notes = new Map(choices.map(({ name, note }) => [name, note]))
  return (
    <Autocomplete
      {...(seen ? { label } : { 'aria-label': label })}
      placeholder={hint}
      data={[...notes.keys()]}
      value={text}
      onChange={setText}
      onOptionSubmit={say}
      onBlur={() => say(text)}
      onKeyDown={(event) => {
        // With a choice marked, Enter is for the list: it comes by `onOptionSubmit`.
        if (event.key === 'Enter' && !event.currentTarget.getAttribute('aria-activedescendant')) say(text)
      }}
      // A list opened on a name that is already there shows the others, too.
      filter={text === value ? ({ options }) => options : undefined}
      limit={100}
      renderOption={({ option }) => (
        <span className={styles.option}>
          <span>{option.value}</span>
          {notes.get(option.value) && <small className="faint">{notes.get(option.value)}</small>}
        </span>
      )}
      rightSection={<ChevronsUpDown size={13} aria-hidden="true" />}
      rightSectionPointerEvents="none"
    />
  )
}
