import { Button } from '@mantine/core'
import { type Copied, useCopy } from './useCopy'

/** Copies text, and says so in the button itself. */
export function CopyButton(props: Copied) {
  return <Button variant="subtle" {...useCopy(props)} />
}
