import { Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useState } from 'react'
import type { PeopleOrder, Sought } from '~/api/people'
import type { PersonRow } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { PersonMark } from '~/parts/PersonMark'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { NONE } from '~/words/numbers'
import { personName, readable, shown } from '~/words/people'
import { NAMING } from './columns'
import styles from './PeoplePage.module.css'
import { useRows } from './usePages'

const ROW_PX = 40
/** A page of more pixels than this, browsers do not draw; the rest is found by looking for less. */
export const ROWS_MOST = 400_000
/** A value longer than this is never read in a table, and would only slow it down. */
const LETTERS_MOST = 200

interface Props {
  sought: Sought
  columns: string[]
  total: number
  selected: ReadonlySet<string>
  select: (id: string, on: boolean) => void
  sort: (order: PeopleOrder) => void
}

/** Everybody who is sought, however many: only the rows in view are in the page, and only their people are asked for. */
export function PeopleTable({ sought, columns, total, selected, select, sort }: Props) {
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const count = Math.min(total, ROWS_MOST)
  const virtual = useVirtualizer({ count, getScrollElement: () => scroller, estimateSize: () => ROW_PX, overscan: 8 })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  const traits = [...new Set([...NAMING, ...columns])]
  const personAt = useRows(sought, traits, first, last)
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    <div className={styles.table} ref={setScroller} tabIndex={0} role="region" aria-label={t('People')}>
      <table className={tableStyles.table} aria-rowcount={total + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">
              <span className="unseen">{t('Selected')}</span>
            </th>
            <th scope="col">{t('Name')}</th>
            <Sorted by="user_id" sought={sought} sort={sort} label={t('Id')} />
            {columns.map((name) => (
              <th key={name} scope="col" title={name} className={styles.trait}>
                {readable(name)}
              </th>
            ))}
            <Sorted by="first_seen" sought={sought} sort={sort} label={t('First seen')} end />
            <Sorted by="last_seen" sought={sought} sort={sort} label={t('Last seen')} end />
          </tr>
        </thead>
        <tbody>
          <Gap height={items[0]?.start ?? 0} />
          {items.map(({ index }) => {
            const person = personAt(index)
            return person ? (
              <Row key={index} row={index} person={person} columns={columns} selected={selected.has(person.user_id)} select={select} />
            ) : (
              <tr key={index} aria-rowindex={index + 2} aria-busy="true">
                <td colSpan={columns.length + 5}>
                  <Skeleton height={16} animate={false} />
                </td>
              </tr>
            )
          })}
          <Gap height={after} />
        </tbody>
      </table>
    </div>
  )
}

/** The rows that are not drawn. */
function Gap({ height }: { height: number }) {
  return height > 0 ? (
    <tr aria-hidden="true" className={styles.gap}>
      <td style={{ blockSize: height }} />
    </tr>
  ) : null
}

interface SortedProps {
  by: PeopleOrder
  sought: Sought
  sort: (order: PeopleOrder) => void
  label: string
  end?: boolean
}

function Sorted({ by, sought, sort, label, end = false }: SortedProps) {
  const now = sought.order === by
  const Arrow = sought.ascending ? ArrowUp : ArrowDown
  return (
    <th scope="col" className={end ? tableStyles.number : undefined} aria-sort={now ? (sought.ascending ? 'ascending' : 'descending') : 'none'}>
      <button type="button" className={styles.sort} data-now={now || undefined} onClick={() => sort(by)}>
        {label}
        {now && <Arrow size={12} aria-hidden="true" />}
      </button>
    </th>
  )
}

interface RowProps {
  row: number
  person: PersonRow
  columns: string[]
  selected: boolean
  select: (id: string, on: boolean) => void
}

const short = (text: string) => (text.length > LETTERS_MOST ? `${text.slice(0, LETTERS_MOST)}…` : text)

function Row({ row, person, columns, selected, select }: RowProps) {
  const name = short(personName(person))
  return (
    <tr aria-rowindex={row + 2} data-selected={selected || undefined}>
      <td className={styles.pick}>
        <input type="checkbox" aria-label={t('Select {{name}}', { name })} checked={selected} onChange={(event) => select(person.user_id, event.currentTarget.checked)} />
      </td>
      <td>
        <div className={styles.who}>
          <PersonMark name={name} />
          <Link to="/people/$id" params={{ id: person.user_id }} className={`${tableStyles.name} cut`}>
            <bdi>{name}</bdi>
          </Link>
          {!person.known && <Chip>{t('anonymous')}</Chip>}
        </div>
      </td>
      <td className={`${styles.trait} mono quiet`}>
        <bdi>{short(person.user_id)}</bdi>
      </td>
      {columns.map((trait) => {
        const value = short(shown(person.traits[trait]))
        return (
          <td key={trait} className={`${styles.trait} quiet`} title={value}>
            {person.traits[trait] == null ? NONE : <bdi>{value}</bdi>}
          </td>
        )
      })}
      <td className={`${tableStyles.number} quiet`}>
        <Ago at={person.first_seen} />
      </td>
      <td className={`${tableStyles.number} quiet`}>
        <Ago at={person.last_seen} />
      </td>
    </tr>
  )
}
