import { useReducedMotion } from '@mantine/hooks'
import { useEffect, useRef, useState } from 'react'
import { count } from '~/words/numbers'
import styles from './EasedNumber.module.css'

const EASE_MS = 320
/** A counter that changes more often than this is simply running; flashing it would never stop. */
const CALM_MS = 4_000

/** A number that eases to its next value and flashes accent once when it changed. */
export function EasedNumber({ value, format = count }: { value: number; format?: (value: number) => string }) {
  const still = useReducedMotion() ?? false
  const [shown, setShown] = useState(value)
  const [changes, setChanges] = useState(0)
  const from = useRef(value)
  const changedAt = useRef(0)
  useEffect(() => {
    const start = from.current
    if (start === value) return
    const calm = performance.now() - changedAt.current > CALM_MS
    changedAt.current = performance.now()
    if (calm) setChanges((times) => times + 1)
    if (still) {
      from.current = value
      setShown(value)
      return
    }
    const began = performance.now()
    let frame = requestAnimationFrame(function step(now) {
      const part = Math.min(1, (now - began) / EASE_MS)
      const next = Math.round(start + (value - start) * (1 - (1 - part) ** 3))
      from.current = next
      setShown(next)
      if (part < 1) frame = requestAnimationFrame(step)
    })
    return () => cancelAnimationFrame(frame)
  }, [value, still])
  return (
    <span key={changes} className={changes > 0 ? `figures ${styles.changed}` : 'figures'}>
      {format(shown)}
    </span>
  )
}
