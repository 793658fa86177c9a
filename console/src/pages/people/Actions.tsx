import { Button, Menu, Tooltip } from '@mantine/core'
import { Download, ListPlus, SaveIcon } from 'lucide-react'
import { useState } from 'react'
import { namesOf, peopleFile, type Sought } from '~/api/people'
import { useMay } from '~/api/may'
import { t } from '~/words/language'
import { ListDialog } from './ListDialog'
import { definitionOf, type PeopleSearch } from './search'
import { SegmentDialog } from './SegmentDialog'

/** A list is put together by hand; whoever has more people than this makes a segment. */
const LISTED_MOST = 10_000

interface Props {
  search: PeopleSearch
  sought: Sought
  columns: string[]
  total: number
}

/** What can be done with everybody who is shown. */
export function Actions({ search, sought, columns, total }: Props) {
  const may = useMay()
  const [open, setOpen] = useState<'segment' | 'list' | null>(null)
  const definition = definitionOf(search)
  const close = () => setOpen(null)
  const kept = search.text === undefined && search.who === undefined && definition !== null
  return (
    <>
      {may('sql') && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button leftSection={<Download size={14} />}>{t('Export')}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t('Everybody shown, with these columns')}</Menu.Label>
            <Menu.Item component="a" href={peopleFile(sought, 'csv', columns)} download>
              CSV
            </Menu.Item>
            <Menu.Item component="a" href={peopleFile(sought, 'parquet', columns)} download>
              Parquet
            </Menu.Item>
            <Menu.Label>{t('With every trait')}</Menu.Label>
            <Menu.Item component="a" href={peopleFile(sought, 'jsonl', [])} download>
              {t('JSON lines')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {may('analyses:write') && (
        <Tooltip label={t('Up to {{number}} people; narrow them, or save a segment', { number: LISTED_MOST })} disabled={total <= LISTED_MOST}>
          <Button leftSection={<ListPlus size={14} />} disabled={total > LISTED_MOST} onClick={() => setOpen('list')}>
            {t('Add to a list')}
          </Button>
        </Tooltip>
      )}
      {may('analyses:write') && (
        <Tooltip label={t('Choose a segment or a quick rule, and neither words nor known or anonymous')} disabled={kept}>
          <Button variant="filled" leftSection={<SaveIcon size={14} />} data-disabled={!kept || undefined} aria-disabled={!kept} onClick={() => kept && setOpen('segment')}>
            {t('Save as segment')}
          </Button>
        </Tooltip>
      )}
      {open === 'segment' && definition !== null && <SegmentDialog definition={definition} total={total} close={close} />}
      {open === 'list' && <ListDialog people={total} names={() => namesOf(sought, LISTED_MOST)} close={close} />}
    </>
  )
}
