import { useHotkeys } from '@mantine/hooks'
import { lazy, Suspense, useEffect, useState } from 'react'

const ASKED = 'holdfast:palette'
const Finder = lazy(() => import('./Finder'))

export const openPalette = () => window.dispatchEvent(new Event(ASKED))

/** Find a page, a person, a segment, a journey or a campaign by typing a few letters. Loaded when first opened. */
export function Palette() {
  const [open, setOpen] = useState(false)
  useHotkeys([['mod+K', () => setOpen(true)]], [])
  useEffect(() => {
    const show = () => setOpen(true)
    window.addEventListener(ASKED, show)
    return () => window.removeEventListener(ASKED, show)
  }, [])
  return <Suspense>{open && <Finder close={() => setOpen(false)} />}</Suspense>
}
