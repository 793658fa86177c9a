import { Autocomplete, Button, Popover, Select, TextInput } from '@mantine/core'
import { ListFilter, X } from 'lucide-react'
import { useState } from 'react'
import type { PropertyName } from '~/api/types'
import { t } from '~/words/language'
import { readable } from '~/words/people'
import styles from './PeoplePage.module.css'
import { type PeopleSearch, WITHOUT_VALUE } from './search'

const comparisons = () => [
  { value: 'equals', label: t('is') },
  { value: 'not_equals', label: t('is not') },
  { value: 'contains_ignoring_case', label: t('contains, in any case') },
  { value: 'greater_than', label: t('more than') },
  { value: 'less_than', label: t('less than') },
  { value: 'is_set', label: t('is set') },
  { value: 'is_not_set', label: t('is not set') },
]

interface Props {
  search: PeopleSearch
  change: (part: PeopleSearch) => void
  traits: PropertyName[]
}

/** One trait compared with one value, without making a segment of it. */
export function QuickRule({ search, change, traits }: Props) {
  const [open, setOpen] = useState(false)
  const [trait, setTrait] = useState(search.trait ?? '')
  const [is, setIs] = useState(search.is ?? 'equals')
  const [value, setValue] = useState(search.value ?? '')
  const said = comparisons().find((each) => each.value === search.is)?.label
  const valueless = WITHOUT_VALUE.has(is)
  return (
    <div className={styles.rule}>
      <Popover trapFocus returnFocus opened={open} onChange={setOpen} position="bottom-start" width={300}>
        <Popover.Target>
          <Button leftSection={<ListFilter size={14} />} onClick={() => setOpen(!open)} className={styles.said}>
            {search.trait && said ? (
              <bdi className="cut">
                {readable(search.trait)} {said} {search.value ?? ''}
              </bdi>
            ) : (
              t('Quick rule')
            )}
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={styles.dropdown} aria-label={t('Quick rule')}>
          <form
            className={styles.fields}
            onSubmit={(event) => {
              event.preventDefault()
              change({ trait: trait.trim(), is, value: valueless ? undefined : value })
            }}
          >
            <Autocomplete label={t('Trait')} data-autofocus data={traits.map(({ name }) => name)} limit={8} value={trait} onChange={setTrait} comboboxProps={{ withinPortal: false }} />
            <Select label={t('Comparison')} allowDeselect={false} data={comparisons()} value={is} onChange={(next) => setIs(next ?? 'equals')} comboboxProps={{ withinPortal: false }} />
            {!valueless && <TextInput label={t('Value')} value={value} onChange={(event) => setValue(event.currentTarget.value)} />}
            <Button type="submit" variant="filled" disabled={!trait.trim() || (!valueless && value === '')}>
              {t('Show who it holds for')}
            </Button>
          </form>
        </Popover.Dropdown>
      </Popover>
      {search.trait && (
        <Button variant="subtle" leftSection={<X size={14} />} onClick={() => change({ trait: undefined, is: undefined, value: undefined })}>
          {t('Without the rule')}
        </Button>
      )}
    </div>
  )
}
