import { Autocomplete } from '@mantine/core'
import { ChevronsUpDown } from 'lucide-react'
import styles from './Builder.module.css'

interface Props {
  label: string
  hint: string
  names: string[]
  /** What some of them mean, told beside them. */
  meanings?: ReadonlyMap<string, string>
  value: string
  width?: number
  onChange: (name: string) => void
}

/** A name seen before, or one that will be: typing is as good as choosing. */
export function NameField({ label, hint, names, meanings, value, width = 152, onChange }: Props) {
  return (
    <Autocomplete
      aria-label={label}
      placeholder={hint}
      w={width}
      data={[...new Set(names)]}
      value={value}
      onChange={onChange}
      limit={50}
      comboboxProps={meanings?.size ? { width: 320, position: 'bottom-start' } : undefined}
      renderOption={({ option }) => (
        <span className={styles.known}>
          <bdi>{option.value}</bdi>
          {meanings?.get(option.value) && <bdi className="quiet cut">{meanings.get(option.value)}</bdi>}
        </span>
      )}
      rightSection={<ChevronsUpDown size={13} aria-hidden="true" />}
      rightSectionPointerEvents="none"
    />
  )
}
