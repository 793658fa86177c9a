import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { Download, Ellipsis, ListPlus, SaveIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import { namesOf, peopleFile, type Sought } from '~/api/people'
import { useMay } from '~/api/may'
import { useNarrow } from '~/parts/useNarrow'
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
  const target = useRef<HTMLButtonElement>(null)
  // On a phone there is room for one action; the others stand in a menu.
  const narrow = useNarrow()
  const exports = may('sql') && (
    <>
      <Menu.Label>{t('Everybody shown, with these columns')}</Menu.Label>
      <Menu.Item leftSection={<Download size={14} />} component="a" href={peopleFile(sought, 'csv', columns)} download>
        CSV
      </Menu.Item>
      <Menu.Item leftSection={<Download size={14} />} component="a" href={peopleFile(sought, 'parquet', columns)} download>
        Parquet
      </Menu.Item>
      <Menu.Label>{t('With every trait')}</Menu.Label>
      <Menu.Item leftSection={<Download size={14} />} component="a" href={peopleFile(sought, 'jsonl', [])} download>
        {t('JSON lines')}
      </Menu.Item>
    </>
  )
  const tooMany = total > LISTED_MOST && t('Up to {{number}} people; narrow them, or save a segment', { number: LISTED_MOST })
  return (
    <>
      {narrow && (exports || may('analyses:write')) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon ref={target} aria-label={t('More')}>
              <Ellipsis size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {may('analyses:write') && (
              <Menu.Item
                leftSection={<ListPlus size={14} />}
                disabled={tooMany !== false}
                onClick={() => {
                  // The dialog gives the focus back to what had it: the item is gone by then.
                  target.current?.focus()
                  setOpen('list')
                }}
              >
                {t('Add to a list')}
              </Menu.Item>
            )}
            {may('analyses:write') && tooMany && <Menu.Label>{tooMany}</Menu.Label>}
            {exports}
          </Menu.Dropdown>
        </Menu>
      )}
      {!narrow && exports && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button leftSection={<Download size={14} />}>{t('Export')}</Button>
          </Menu.Target>
          <Menu.Dropdown>{exports}</Menu.Dropdown>
        </Menu>
      )}
      {!narrow && may('analyses:write') && (
        <Tooltip label={tooMany} disabled={!tooMany}>
          <Button leftSection={<ListPlus size={14} />} disabled={tooMany !== false} onClick={() => setOpen('list')}>
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
