import { ActionIcon, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { traitNames } from '~/api/queries'
import { t } from '~/words/language'
import { useBuilder } from './builderContext'
import { ComparisonFields } from './ComparisonFields'
import type { Trait } from './model'
import styles from './Builder.module.css'
import { RuleCount } from './RuleCount'

/** "Plan is any of growth, scale." */
export function TraitRule({ rule }: { rule: Trait }) {
  const builder = useBuilder()
  const names = useQuery(traitNames).data ?? []
  return (
    <div className={styles.rule}>
      <div className={styles.fields}>
        <div className={styles.said}>
          {rule.negated && <span className="quiet">{t('not:')}</span>}
          <ComparisonFields what="Trait" names={names} comparison={rule} set={(part) => builder.change(rule, part)} />
        </div>
        <div className={styles.tools}>
          <Tooltip label={t('Remove rule')}>
            <ActionIcon aria-label={t('Remove rule')} className={styles.remove} onClick={() => builder.remove(rule.id)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        </div>
        <RuleCount node={rule} />
      </div>
    </div>
  )
}
