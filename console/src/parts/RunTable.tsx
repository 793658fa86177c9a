import { Link } from '@tanstack/react-router'
import type { RunRow } from '~/api/types'
import { t } from '~/words/language'
import { count, NONE, percent, signed } from '~/words/numbers'
import { StateChip } from './Chip'
import { Interval, leaning, sharedRange } from './Interval'
import styles from './Table.module.css'

/** Journeys and campaigns with what they achieved, on one scale. */
export function RunTable({ rows, kinds = true }: { rows: RunRow[]; kinds?: boolean }) {
  const range = sharedRange(rows.map((row) => row.result?.conversion))
  return (
    <div className={styles.block} tabIndex={0} role="region" aria-label={t('Results by journey and campaign')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            {kinds && <th scope="col">{t('Type')}</th>}
            <th scope="col">{t('State')}</th>
            <th scope="col" className={styles.number}>{t('Entered')}</th>
            <th scope="col" className={styles.number}>{t('Sent')}</th>
            <th scope="col" className={styles.number}>{t('Converted')}</th>
            <th scope="col" className={styles.number}>{t('Lift')}</th>
            <th scope="col">{t('95% interval')}</th>
            <th scope="col" className={styles.number}>{t('Waiting')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={`${row.kind}/${row.id}`} row={row} range={range} kinds={kinds} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ row, range, kinds }: { row: RunRow; range: [number, number]; kinds: boolean }) {
  const effect = row.result?.conversion
  const treated = row.result?.arms.find((arm) => arm.arm === 'treated')
  return (
    <tr>
      <td>
        <Link to={row.kind === 'journey' ? '/journeys/$id' : '/campaigns/$id'} params={{ id: row.id }} className={styles.name} title={row.name}>
          {row.name}
        </Link>
      </td>
      {kinds && <td className="quiet">{row.kind === 'journey' ? t('Journey') : t('Campaign')}</td>}
      <td>
        <StateChip state={row.state} />
      </td>
      <td className={styles.number}>{count(row.entered)}</td>
      <td className={styles.number}>{count(row.sent)}</td>
      <td className={styles.number}>{percent(treated?.conversion_rate)}</td>
      <td className={`${styles.number} ${effect ? styles[leaning(effect)] : ''}`}>
        {effect?.status === 'estimated' ? signed(effect.difference * 100, 2) : NONE}
      </td>
      <td>{effect ? <Interval effect={effect} range={range} /> : <span className="faint">{t('Nothing measured yet')}</span>}</td>
      <td className={styles.number}>{count(row.waiting)}</td>
    </tr>
  )
}
