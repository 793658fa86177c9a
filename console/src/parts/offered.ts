import type { OptionsFilter } from '@mantine/core'

/** What fits what is written; after a whole name the others, too: whoever opens the list of a field that is filled in looks for another one. */
export const offered: OptionsFilter = ({ options, search, limit }) => {
  const wanted = search.trim().toLowerCase()
  const named = options.filter((each) => 'label' in each)
  const fits = named.filter(({ label }) => label.toLowerCase().includes(wanted))
  const whole = fits.some(({ label }) => label === search)
  return (whole ? [...fits, ...named.filter((each) => !fits.includes(each))] : fits).slice(0, limit)
}
