import type { Device } from '~/api/types'
import { Ago } from '~/parts/Moment'
import { t } from '~/words/language'
import styles from './PersonPage.module.css'

const KINDS: Record<Device['type'], string> = { web: 'Browser', ios: 'iPhone or iPad', android: 'Android' }

/** Where push messages reach this person, the device last heard of first. */
export function DevicesSection({ devices }: { devices: Device[] }) {
  if (devices.length === 0) return null
  return (
    <section className={styles.section}>
      <h2>{t('Devices')}</h2>
      <ul>
        {devices.map(({ id, type, app, heard_at }) => (
          <li key={id}>
            {KINDS[type]}
            {app && <span className="quiet"> {app}</span>} <span className="faint">
              <Ago at={heard_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
