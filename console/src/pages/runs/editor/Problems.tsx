import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { Shape } from '~/api/shape'
import { t } from '~/words/language'
import { told, toldRefusal } from '~/words/told'
import styles from './Editor.module.css'

/** One thing the server says of a draft: what is wrong is refused, what is odd is only said. */
export interface Found {
  step: string
  path: string
  message: string
  hint: string
  weight: 'wrong' | 'odd'
}

export const foundIn = (check: Shape<'DraftCheckShape'> | undefined): Found[] => [
  ...(check?.problems ?? []).map((each): Found => ({ ...toldRefusal(each), weight: 'wrong' })),
  ...(check?.warnings ?? []).map((each): Found => ({ ...toldRefusal(each), weight: 'odd' })),
]

/** Those of one step, with their paths from it on; those of none where the id is empty. */
export const within = (found: Found[], id: string): Found[] =>
  found.filter(({ step }) => step === id).map((each) => ({ ...each, path: id === '' ? each.path : each.path.replace(/^\$\.steps(\.[\w-]+|\['.*?'\])/, '$') }))

export function Problems({ found }: { found: Found[] }) {
  if (found.length === 0) return null
  return (
    <ul className={styles.problems} aria-label={t('What the server says of it')}>
      {found.map((each, i) => (
        <li key={i} data-weight={each.weight}>
          {each.weight === 'wrong' ? <CircleAlert size={14} aria-label={t('Wrong')} /> : <TriangleAlert size={14} aria-label={t('Odd')} />}
          <span>
            {told(each.message)} <span className="quiet">{told(each.hint)}</span>
          </span>
        </li>
      ))}
    </ul>
  )
}
