import { ActionIcon, Select, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ListFilterPlus, X } from 'lucide-react'
import { eventNames, eventProperties } from '~/api/queries'
import { t } from '~/words/language'
import { useBuilder } from './builderContext'
import { ComparisonFields } from './ComparisonFields'
import { type Comparison, type Did, newComparison } from './model'
import styles from './Builder.module.css'
import { RuleCount } from './RuleCount'
import { NameField } from './NameField'
import { meaningsOf } from './meanings'
import { TimesFields } from './TimesFields'
import { WindowField } from './WindowField'

/** "Did Order Completed at least 3 times in the last 30 days, where revenue is more than 50." */
export function DidRule({ rule }: { rule: Did }) {
  const builder = useBuilder()
  const names = useQuery(eventNames).data ?? []
  const properties = useQuery(eventProperties(rule.event)).data ?? []
  const set = (part: Partial<Did>) => builder.change(rule, part)
  const setWhere = (id: string, part: Partial<Comparison> | null) =>
    set({ where: rule.where.flatMap((one) => (one.id !== id ? [one] : part === null ? [] : [{ ...one, ...part }])) })
  return (
    <div className={styles.rule}>
      <div className={styles.fields}>
        <div className={styles.said}>
          <Select
            aria-label={t('Did or did not')}
            w={94}
            data={[
              { value: 'did', label: t('Did') },
              { value: 'not', label: t('Did not') },
            ]}
            value={rule.negated ? 'not' : 'did'}
            onChange={(value) => set({ negated: value === 'not' })}
          />
          <NameField label={t('Event')} hint={t('Choose an event')} names={names.map(({ name }) => name)} meanings={meaningsOf(names)} value={rule.event} onChange={(event) => set({ event })} />
          <TimesFields rule={rule} set={set} />
          <WindowField days={rule.withinDays} set={(withinDays) => set({ withinDays })} />
        </div>
        <div className={styles.tools}>
          <Tooltip label={t('Add a condition on the event')}>
            <ActionIcon aria-label={t('Add a condition on the event')} className={styles.remove} onClick={() => set({ where: [...rule.where, newComparison()] })}>
              <ListFilterPlus size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('Remove rule')}>
            <ActionIcon aria-label={t('Remove rule')} className={styles.remove} onClick={() => builder.remove(rule.id)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        </div>
        <RuleCount node={rule} />
      </div>
      {rule.where.map((comparison) => (
        <div key={comparison.id} className={`${styles.fields} ${styles.where}`}>
          <div className={styles.said}>
            <span className="quiet">{t('where')}</span>
            <ComparisonFields what="Property" event={rule.event} names={properties} comparison={comparison} set={(part) => setWhere(comparison.id, part)} />
          </div>
          <div className={styles.tools}>
            <Tooltip label={t('Remove condition')}>
              <ActionIcon aria-label={t('Remove condition')} className={styles.remove} onClick={() => setWhere(comparison.id, null)}>
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
          <span className={styles.count} />
        </div>
      ))}
    </div>
  )
}
