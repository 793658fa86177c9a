import { Button } from '@mantine/core'
import type { EChartsCoreOption } from 'echarts/core'
import { ChartLine, Table2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Chart } from '~/parts/charts/Chart'
import type { Roles } from '~/parts/charts/roles'
import { CopyButton } from '~/parts/CopyButton'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import styles from './Experiments.module.css'

interface Props {
  /** The question the picture answers. */
  title: string
  note?: ReactNode
  /** What the picture shows, in words. */
  label: string
  option: (roles: Roles, width: number) => EChartsCoreOption
  /** The same as rows; the first is the heading. */
  rows: string[][]
  height: number
}

/** A picture under the question it answers; to be looked at as a table as well, and copied. */
export function PictureCard({ title, note, label, option, rows, height }: Props) {
  const [asTable, setAsTable] = useState(false)
  const [head = [], ...body] = rows
  return (
    <section className={styles.picture} aria-label={title}>
      <div className={styles.pictureHead}>
        <h3>{title}</h3>
        <div className={styles.tools}>
          <Button variant="subtle" leftSection={asTable ? <ChartLine size={14} aria-hidden="true" /> : <Table2 size={14} aria-hidden="true" />} onClick={() => setAsTable(!asTable)}>
            {asTable ? t('View as chart') : t('View as table')}
          </Button>
          <CopyButton text={() => rows.map((row) => row.join('\t')).join('\n')} />
        </div>
      </div>
      {note && <p className={styles.note}>{note}</p>}
      {asTable ? (
        <div className={styles.rows} tabIndex={0} role="region" aria-label={t('{{title}}, as a table', { title })} style={{ maxBlockSize: height }}>
          <table className={tables.table} data-dense>
            <thead>
              <tr>
                {head.map((cell, i) => (
                  <th key={i} scope="col" className={i > 0 ? tables.number : undefined}>
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {body.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, j) => (
                    <td key={j} className={j > 0 ? tables.number : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Chart option={option} height={height} label={label} />
      )}
    </section>
  )
}
