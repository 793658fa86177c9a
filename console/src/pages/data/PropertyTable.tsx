import type { PropertyName } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import { shown } from '~/words/people'
import styles from './DataPage.module.css'
import { Meaning } from './Meaning'

const FEW = 5

/** "number", or "number 98%, text 2%" where it is not always the same. */
function typesOf({ type, types }: PropertyName): string {
  const seen = Object.entries(types).sort(([, one], [, other]) => other - one)
  const all = seen.reduce((sum, [, times]) => sum + times, 0)
  return seen.length > 1 ? seen.map(([name, times]) => `${name} ${percent(times / all, 0)}`).join(', ') : type
}

interface Props {
  what: string
  /** The event whose properties they are; none for traits. */
  event?: string
  properties: PropertyName[]
}

/** Properties or traits: what they mean, what they usually are, since when they come, and a few values. */
export function PropertyTable({ what, event, properties }: Props) {
  return (
    <table className={tableStyles.table} data-dense>
      <thead>
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">{t('Type')}</th>
          <th scope="col">{t('For example')}</th>
          <th scope="col" className={tableStyles.number}>{t('First')}</th>
          <th scope="col" className={tableStyles.number}>{t('Last')}</th>
        </tr>
      </thead>
      <tbody>
        {properties.map((property) => {
          const { name, examples, meaning } = property
          return (
          <tr key={name}>
            <td>
              <div className={styles.named}>
                <bdi className="mono">{name.slice(0, 120)}</bdi>
                <Meaning event={event} name={name} text={meaning} />
              </div>
            </td>
            <td className="quiet">{typesOf(property)}</td>
            <td>
              <div className={styles.examples}>
                {examples.slice(0, FEW).map((value, i) => (
                  <Chip key={i}>{shown(value).slice(0, 60)}</Chip>
                ))}
              </div>
            </td>
            <td className={`${tableStyles.number} quiet`}>
              <Ago at={property.first} />
            </td>
            <td className={`${tableStyles.number} quiet`}>
              <Ago at={property.last} />
            </td>
          </tr>
          )
        })}
      </tbody>
    </table>
  )
}
