import { CloseButton, TextInput } from '@mantine/core'
import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { t } from '~/words/language'
import styles from './SearchBox.module.css'

const DEBOUNCE_MS = 180

interface Props {
  label: string
  hint: string
  value: string
  onChange: (value: string) => void
  /** The most characters that are looked for. */
  most?: number
}

/** A search field that speaks when the typing pauses. */
export function SearchBox({ label, hint, value, onChange, most }: Props) {
  const [text, setText] = useState(value)
  const said = useRef(value)
  useEffect(() => {
    // Someone else changed it (a cleared filter, the back button): follow.
    if (value !== said.current) {
      said.current = value
      setText(value)
    }
  }, [value])
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === said.current) return
    const timer = setTimeout(() => {
      said.current = wanted
      onChange(wanted)
    }, DEBOUNCE_MS)
    return () => clearTimeout(timer)
  }, [text, onChange])
  return (
    <TextInput
      className={styles.box}
      type="search"
      aria-label={label}
      placeholder={hint}
      leftSection={<Search size={14} aria-hidden="true" />}
      rightSection={text && <CloseButton size="sm" aria-label={t('Clear')} onClick={() => setText('')} />}
      value={text}
      maxLength={most}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}
