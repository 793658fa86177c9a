import { useId } from 'react'
import styles from './Either.module.css'

interface Props<T extends string> {
  label: string
  options: readonly { value: T; label: string }[]
  value: T
  onChange: (value: T) => void
}

/** One of two or three, side by side. It looks like the kit's own, whose weight the first page does without. */
export function Either<T extends string>({ label, options, value, onChange }: Props<T>) {
  const name = useId()
  return (
    <div className={styles.either} role="radiogroup" aria-label={label}>
      {options.map((each) => (
        <label key={each.value} className={styles.option}>
          <input type="radio" name={name} checked={each.value === value} onChange={() => onChange(each.value)} />
          {each.label}
        </label>
      ))}
    </div>
  )
}
