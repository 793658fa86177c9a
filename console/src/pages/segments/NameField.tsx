import { Autocomplete } from '@mantine/core'
import { ChevronsUpDown } from 'lucide-react'

interface Props {
  label: string
  hint: string
  names: string[]
  value: string
  width?: number
  onChange: (name: string) => void
}

/** A name seen before, or one that will be: typing is as good as choosing. */
export function NameField({ label, hint, names, value, width = 152, onChange }: Props) {
  return (
    <Autocomplete
      aria-label={label}
      placeholder={hint}
      w={width}
      data={[...new Set(names)]}
      value={value}
      onChange={onChange}
      limit={50}
      maxDropdownHeight={260}
      rightSection={<ChevronsUpDown size={13} aria-hidden="true" />}
      rightSectionPointerEvents="none"
    />
  )
}
