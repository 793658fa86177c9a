/** What can be measured of events. */
import { t } from '~/words/language'
import { actWords } from '../questionWords'
import type { Act } from '../question'

export const MEASURES = () => [
  { value: 'count' as const, label: t('Times') },
  { value: 'people' as const, label: t('People') },
  { value: 'sum' as const, label: t('Sum of a property') },
  { value: 'average' as const, label: t('Average of a property') },
  { value: 'min' as const, label: t('Lowest of a property') },
  { value: 'max' as const, label: t('Highest of a property') },
]

export const needsProperty = (measure: string | undefined) => measure !== undefined && measure !== 'count' && measure !== 'people'

interface Measuring {
  event: Act
  measure?: string
  property?: string
}

/** The measure as a question. */
export function measureQuestion({ event, measure = 'count', property = '…' }: Measuring): string {
  const what = actWords(event)
  switch (measure) {
    case 'people':
      return t('How many people did {{what}}?', { what })
    case 'sum':
      return t('What does {{property}} of {{what}} add up to?', { property, what })
    case 'average':
      return t('What is {{property}} of {{what}} on average?', { property, what })
    case 'min':
      return t('What is the lowest {{property}} of {{what}}?', { property, what })
    case 'max':
      return t('What is the highest {{property}} of {{what}}?', { property, what })
    case 'median':
    case 'percentile':
      return t('What is the median {{property}} of {{what}}?', { property, what })
    default:
      return t('How often did people do {{what}}?', { what })
  }
}

/** The measure as a few words, in a formula. */
export function measureWords({ event, measure = 'count', property = '…' }: Measuring): string {
  const what = actWords(event)
  switch (measure) {
    case 'people':
      return t('people who did {{what}}', { what })
    case 'sum':
      return t('the sum of {{property}} of {{what}}', { property, what })
    case 'average':
      return t('the average {{property}} of {{what}}', { property, what })
    case 'min':
      return t('the lowest {{property}} of {{what}}', { property, what })
    case 'max':
      return t('the highest {{property}} of {{what}}', { property, what })
    case 'median':
    case 'percentile':
      return t('the median {{property}} of {{what}}', { property, what })
    default:
      return t('times of {{what}}', { what })
  }
}
