/** What a trial belongs to, in words. */
import { t } from '~/words/language'
import type { Listed } from './trials'

export function kindWords({ kind, id }: Pick<Listed, 'kind' | 'id'>): string {
  switch (kind) {
    case 'template':
      return t('Template')
    case 'step':
      return t('Split “{{step}}”', { step: id.slice(id.lastIndexOf('.') + 1) })
    case 'journey':
      return t('Journey')
    case 'campaign':
      return t('Campaign')
    default:
      return t('Experiment')
  }
}
