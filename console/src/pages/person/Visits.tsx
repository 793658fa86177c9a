import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { runs } from '~/api/queries'
import type { PersonVisit } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { TreeDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { armWords } from '~/words/entries'
import { t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import styles from './Timeline.module.css'

/** Every journey and campaign they entered, where they stand, and how they left. */
export function Visits({ id, visits }: { id: string; visits: PersonVisit[] }) {
  const campaigns = new Set(useQuery(runs('campaign', true)).data?.map(({ id }) => id))
  if (visits.length === 0) {
    return (
      <Empty
        title={t('In no journey yet')}
        drawing={<TreeDrawing />}
        actions={
          <Link to="/people/$id/why" params={{ id }} className="link">
            {t('Ask why not')}
          </Link>
        }
      >
        {t('When a trigger fires for this person, their way through the journey shows here.')}
      </Empty>
    )
  }
  return (
    <div className={`${tableStyles.block} ${styles.visits}`} tabIndex={0} role="region" aria-label={t('Journeys and campaigns')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Journey or campaign')}</th>
            <th scope="col">{t('Arm')}</th>
            <th scope="col">{t('Where')}</th>
            <th scope="col">{t('Entered')}</th>
            <th scope="col">{t('Next')}</th>
            <th scope="col">{t('Why')}</th>
          </tr>
        </thead>
        <tbody>
          {visits.map((visit) => (
            <tr key={`${visit.origin}/${visit.entered_at}`}>
              <td>
                <Link to={campaigns.has(visit.origin) ? '/campaigns/$id' : '/journeys/$id'} params={{ id: visit.origin }} className={tableStyles.name}>
                  {visit.origin_name || visit.origin}
                </Link>{' '}
                <span className="faint">v{visit.version}</span>
              </td>
              <td>
                <Chip tone={visit.arm === 'treated' ? 'accent' : 'plain'}>{armWords(visit.arm)}</Chip>
              </td>
              <td className="quiet">{visit.left_at ? t('Left by {{exit}}', { exit: visit.left_by || 'exit' }) : t('At {{step}}', { step: visit.step || 'start' })}</td>
              <td className="quiet">
                <Ago at={visit.entered_at} />
              </td>
              <td className="quiet">
                {visit.left_at ? (
                  <>
                    {t('Left')} <Ago at={visit.left_at} />
                  </>
                ) : visit.due_at ? (
                  t('Due {{moment}}', { moment: `${shortDay(visit.due_at, new Date())}, ${clock(visit.due_at)}` })
                ) : (
                  t('Waits for an event')
                )}
              </td>
              <td>
                <Link to="/people/$id/why" params={{ id }} search={{ of: visit.origin }} className="link">
                  {t('Step by step')}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
