import { t } from '~/words/language'
import type { GroupMode } from './model'

/** How the rules of a group may join; that not all hold is only said where it stands already. */
export const MODES: { value: GroupMode; label: string }[] = [
  { value: 'all', label: t('all') },
  { value: 'any', label: t('any') },
  { value: 'none', label: t('none') },
]
export const NOT_ALL: { value: GroupMode; label: string } = { value: 'not_all', label: t('not all') }

/** “People who match all of these”. */
export const matching = (mode: GroupMode) =>
  t('People who match {{mode}} of these', { mode: [...MODES, NOT_ALL].find(({ value }) => value === mode)?.label ?? '' })

/** What stands before every rule but the first. */
export const joinerOf = (mode: GroupMode) => (mode === 'all' || mode === 'not_all' ? t('and') : t('or'))

/** Whom a group without rules means. */
export const emptyWords = (mode: GroupMode) =>
  mode === 'all' || mode === 'none' ? t('No rules yet: this is everyone.') : t('No rules yet: this is nobody.')
