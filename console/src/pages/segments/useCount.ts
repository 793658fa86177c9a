import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { segmentCount } from '~/api/queries'
import type { Json } from '~/api/types'

const DEBOUNCE_MS = 180

/**
 * How many match, counted when the changes pause. The last count stays while counting.
 *
 * A newer definition has a newer key, so the query of the older one loses its reader and its request is aborted.
 */
export function useCount(definition: Json | null, everyMs: number | false = false) {
  const [text] = useDebouncedValue(definition === null ? '' : JSON.stringify(definition), DEBOUNCE_MS)
  return useQuery({ ...segmentCount(text ? (JSON.parse(text) as Json) : null), enabled: text !== '', refetchInterval: everyMs })
}
