/** The colours of the theme, by role, for what cannot read CSS by itself. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useState } from 'react'

const NAMES = ['surface', 'sunken', 'hover', 'line', 'line-strong', 'text', 'text-2', 'text-3', 'accent', 'accent-soft', 'good', 'bad', 'c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6', 'c-mute', 'c-mute-band'] as const
export type Role = (typeof NAMES)[number]
export type Roles = Record<Role, string>

/** In this order; what does not fit is folded into one that is mute. */
export const SERIES: Role[] = ['c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6']
export const SERIES_MOST = SERIES.length

function read(): Roles {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Roles
}

/** The colours as they are now; read again when the theme changes. */
export function useRoles(): Roles {
  const scheme = useComputedColorScheme('light')
  const [roles, setRoles] = useState(read)
  // The attribute that the colours hang on is set by an effect, too, and that one is done by now.
  useEffect(() => setRoles(read()), [scheme])
  return roles
}
