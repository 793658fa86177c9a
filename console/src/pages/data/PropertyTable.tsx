import type { PropertyName } from '~/api/types'
import { Chip } from '~/parts/Chip'
import tableStyles from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { shown } from '~/words/people'
import styles from './DataPage.module.css'

const FEW = 5

/** Properties or traits: their name, what they usually are, and a few values. */
export function PropertyTable({ what, properties }: { what: string; properties: PropertyName[] }) {
  return (
    <table className={tableStyles.table} data-dense>
      <thead>
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">{t('Type')}</th>
          <th scope="col">{t('For example')}</th>
        </tr>
      </thead>
      <tbody>
        {properties.map(({ name, type, examples }) => (
          <tr key={name}>
            <td className="mono">{name}</td>
            <td className="quiet">{type}</td>
            <td>
              <div className={styles.examples}>
                {examples.slice(0, FEW).map((value, i) => (
                  <Chip key={i}>{shown(value).slice(0, 60)}</Chip>
                ))}
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
