import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { eventNames, eventProperties } from '~/api/queries'
import type { EventName } from '~/api/types'
import { SieveDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { count } from '~/words/numbers'
import styles from './DataPage.module.css'
import { PropertyTable } from './PropertyTable'

/** Every event name seen, with the properties it came with. */
export function EventsTab() {
  const query = useQuery(eventNames)
  return (
    <Answered query={query} what="The event names did not load">
      {(names) =>
        names.length > 0 ? (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label="Events">
            <table className={tableStyles.table}>
              <thead>
                <tr>
                  <th scope="col">Event</th>
                  <th scope="col" className={tableStyles.number}>Times</th>
                  <th scope="col" className={tableStyles.number}>People</th>
                  <th scope="col" className={tableStyles.number}>Last</th>
                </tr>
              </thead>
              <tbody>
                {names.map((name) => (
                  <EventRows key={name.name} name={name} />
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <div className={pageStyles.card}>
            <Empty title="No events yet" drawing={<SieveDrawing />}>
              Their names and properties show here as they arrive. “Send data” has a snippet that sends one.
            </Empty>
          </div>
        )
      }
    </Answered>
  )
}

function EventRows({ name }: { name: EventName }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <tr>
        <td>
          <button type="button" className={styles.disclose} aria-expanded={open} onClick={() => setOpen(!open)}>
            <ChevronRight size={13} aria-hidden="true" />
            {name.name}
          </button>
        </td>
        <td className={tableStyles.number}>{count(name.count)}</td>
        <td className={tableStyles.number}>{count(name.people)}</td>
        <td className={`${tableStyles.number} quiet`}>
          <Ago at={name.last} />
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={4}>
            <Properties event={name.name} />
          </td>
        </tr>
      )}
    </>
  )
}

function Properties({ event }: { event: string }) {
  const query = useQuery(eventProperties(event))
  return (
    <div className={styles.inner}>
      <Answered query={query} what="The properties did not load" waiting={<Waiting rows={3} height={34} />}>
        {(properties) => (properties.length > 0 ? <PropertyTable what="Property" properties={properties} /> : <p className="quiet">It came without properties.</p>)}
      </Answered>
    </div>
  )
}
