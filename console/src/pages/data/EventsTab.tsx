import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { eventNames, eventProperties } from '~/api/queries'
import type { EventName } from '~/api/types'
import { SieveDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Sparkline } from '~/parts/Sparkline'
import { Answered, Empty, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './DataPage.module.css'
import { Meaning } from './Meaning'
import { PropertyTable } from './PropertyTable'
import { eventVolumes } from './volumes'

const DAYS = 30

/** Every event name seen: what it means, how much of it comes, and the properties it came with. */
export function EventsTab() {
  const query = useQuery(eventNames)
  const volumes = useQuery(eventVolumes(DAYS, true)).data
  return (
    <Answered query={query} what={t('The event names did not load')}>
      {(names) =>
        names.length > 0 ? (
          <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Events')}>
            <table className={tableStyles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('Event')}</th>
                  <th scope="col" className={tableStyles.number}>{t('Times')}</th>
                  <th scope="col" className={tableStyles.number}>{t('People')}</th>
                  <th scope="col">{counted(DAYS, '{{count}} day until yesterday', '{{count}} days until yesterday')}</th>
                  <th scope="col" className={tableStyles.number}>{t('First')}</th>
                  <th scope="col" className={tableStyles.number}>{t('Last')}</th>
                </tr>
              </thead>
              <tbody>
                {names.map((name) => (
                  <EventRows key={name.name} name={name} volume={volumes?.get(name.name)} />
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <div className={pageStyles.card}>
            <Empty title={t('No events yet')} drawing={<SieveDrawing />}>
              {t('Their names and properties show here as they arrive. “Send data” has a snippet that sends one.')}
            </Empty>
          </div>
        )
      }
    </Answered>
  )
}

function EventRows({ name, volume = [] }: { name: EventName; volume?: number[] }) {
  const [open, setOpen] = useState(false)
  const total = volume.reduce((sum, each) => sum + each, 0)
  return (
    <>
      <tr>
        <td>
          <button type="button" className={styles.disclose} aria-expanded={open} onClick={() => setOpen(!open)}>
            <ChevronRight size={13} aria-hidden="true" />
            <bdi className="cut">{name.name.slice(0, 120)}</bdi>
          </button>
          {name.meaning && !open && (
            <p className="quiet cut">
              <bdi>{name.meaning}</bdi>
            </p>
          )}
        </td>
        <td className={tableStyles.number}>{count(name.count)}</td>
        <td className={tableStyles.number}>{count(name.people)}</td>
        <td className={styles.spark}>
          {total > 0 ? <Sparkline values={volume} /> : <span className="quiet">–</span>}
          <span className="unseen">{counted(total, '{{count}} event', '{{count}} events')}</span>
        </td>
        <td className={`${tableStyles.number} quiet`}>
          <Ago at={name.first} />
        </td>
        <td className={`${tableStyles.number} quiet`}>
          <Ago at={name.last} />
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={6}>
            <div className={styles.inner}>
              <Meaning event={name.name} text={name.meaning} />
            </div>
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
      <Answered query={query} what={t('The properties did not load')} waiting={<Waiting rows={3} height={34} />}>
        {(properties) => (properties.length > 0 ? <PropertyTable what={t('Property')} event={event} properties={properties} /> : <p className="quiet">{t('It came without properties.')}</p>)}
      </Answered>
    </div>
  )
}
