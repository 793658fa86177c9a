import { Link } from '@tanstack/react-router'
import type { UseQueryResult } from '@tanstack/react-query'
import type { Shape } from '~/api/shape'
import { figure, targetWords, wayTo } from '~/pages/insights/kpis/figures'
import { Chip, type ChipTone } from '~/parts/Chip'
import { Answered, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { signed } from '~/words/numbers'
import styles from './Boards.module.css'

const TONES: Record<Shape<'KpiShape'>['status'], ChipTone> = { met: 'good', missed: 'bad', unknown: 'plain' }
const statusWords = (status: Shape<'KpiShape'>['status']) => ({ met: t('met'), missed: t('missed'), unknown: t('not known') })[status]

/** One figure of the tree, as it stands. */
export function KpiBody({ query, id }: { query: UseQueryResult<Shape<'KpiAnswer'>, Error>; id: string }) {
  return (
    <Answered query={query} what={t('The KPIs did not load')} waiting={<Waiting rows={1} height={90} />}>
      {({ nodes, definition }) => {
        const kpi = nodes.find((node) => node.id === id)
        if (!kpi) return <p className={styles.gone}>{t('The KPI that stood here is not in the tree any more.')}</p>
        const way = wayTo(kpi.id, definition as Record<string, unknown>, kpi.days)
        return (
          <div className={styles.kpi}>
            <h2>
              {way ? (
                <Link to="/insights/$kind" params={{ kind: way.kind }} search={{ q: way.search.q }} className={styles.title}>
                  {kpi.name}
                </Link>
              ) : (
                kpi.name
              )}
            </h2>
            <p className={styles.figure}>{figure(kpi, kpi.value)}</p>
            <p className="quiet">
              {[
                kpi.days !== null && counted(kpi.days, 'last {{count}} day', 'last {{count}} days'),
                kpi.change !== null && t('{{change}}% on the period before', { change: signed(kpi.change * 100) }),
                kpi.target !== null && targetWords(kpi),
                kpi.reason,
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
            {kpi.target !== null && (
              <Chip tone={TONES[kpi.status]} dot>
                {statusWords(kpi.status)}
              </Chip>
            )}
          </div>
        )
      }}
    </Answered>
  )
}
