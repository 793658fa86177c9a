import { useDebouncedValue } from '@mantine/hooks'
import { useQueries } from '@tanstack/react-query'
import { PEOPLE_AT_ONCE, type Sought, soughtPage } from '~/api/people'
import type { PersonRow } from '~/api/types'

/** While the list flies past, nothing is asked for; where it comes to rest, this much later. */
const REST_MS = 60

/** The people of the rows in view, by the number of the row. Whoever is not there yet comes when the list rests. */
export function useRows(sought: Sought, traits: string[], first: number, last: number): (row: number) => PersonRow | undefined {
  const [from] = useDebouncedValue(Math.floor(first / PEOPLE_AT_ONCE), REST_MS)
  const [to] = useDebouncedValue(Math.floor(last / PEOPLE_AT_ONCE), REST_MS)
  const pages = Array.from({ length: Math.max(1, to - from + 1) }, (_, i) => from + i)
  const answers = useQueries({ queries: pages.map((page) => soughtPage(sought, traits, page)) })
  return (row) => answers[Math.floor(row / PEOPLE_AT_ONCE) - from]?.data?.people[row % PEOPLE_AT_ONCE]
}
