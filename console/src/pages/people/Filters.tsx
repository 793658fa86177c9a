import { Button, Popover, SegmentedControl, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Columns3 } from 'lucide-react'
import type { ReactNode } from 'react'
import { segments } from '~/api/queries'
import type { PropertyName } from '~/api/types'
import { SearchBox } from '~/parts/SearchBox'
import { t } from '~/words/language'
import { readable } from '~/words/people'
import styles from './PeoplePage.module.css'
import { QuickRule } from './QuickRule'
import type { PeopleSearch } from './search'

interface Props {
  search: PeopleSearch
  /** Takes the place of those parts of the search. */
  change: (part: PeopleSearch) => void
  traits: PropertyName[]
  columns: string[]
  children: ReactNode
}

/** Whom the list shows, and which columns. */
export function Filters({ search, change, traits, columns, children }: Props) {
  const saved = useQuery(segments).data ?? []
  return (
    <div className={styles.tools}>
      <SearchBox label={t('Find a person')} hint={t('Name, email or id')} value={search.text ?? ''} onChange={(text) => change({ text: text || undefined })} />
      <SegmentedControl
        aria-label={t('Which people')}
        data={[
          { value: '', label: t('Everybody') },
          { value: 'known', label: t('Known') },
          { value: 'anonymous', label: t('Anonymous') },
        ]}
        value={search.who ?? ''}
        onChange={(who) => change({ who: who === 'known' || who === 'anonymous' ? who : undefined })}
      />
      <Select
        aria-label={t('Segment')}
        placeholder={t('In any segment')}
        className={styles.segment}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('Any segment') }}
        data={saved.map(({ id, name }) => ({ value: id, label: name }))}
        value={search.segment ?? null}
        onChange={(segment) => change({ segment: segment ?? undefined })}
      />
      <QuickRule key={`${search.trait} ${search.is} ${search.value}`} search={search} change={change} traits={traits} />
      <Popover trapFocus returnFocus position="bottom-end" width={240}>
        <Popover.Target>
          <Button leftSection={<Columns3 size={14} />}>{t('Columns')}</Button>
        </Popover.Target>
        <Popover.Dropdown className={styles.dropdown} aria-label={t('Columns')}>
          <ul className={styles.columns} tabIndex={0}>
            {traits.map(({ name }) => (
              <li key={name}>
                <label title={name}>
                  <input
                    type="checkbox"
                    checked={columns.includes(name)}
                    onChange={(event) => change({ columns: event.currentTarget.checked ? [...columns, name] : columns.filter((each) => each !== name) })}
                  />
                  <bdi className="cut">{readable(name)}</bdi>
                </label>
              </li>
            ))}
          </ul>
          {traits.length === 0 && <p className="quiet">{t('People have no traits yet.')}</p>}
        </Popover.Dropdown>
      </Popover>
      {children}
    </div>
  )
}
