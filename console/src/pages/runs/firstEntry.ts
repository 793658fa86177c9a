import { t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'

/** When a schedule first lets somebody in: by each person's own clock that may have begun before it is published. */
export const firstEntry = (at: string, now: Date) => (new Date(at) <= now ? t('At once, where it is time already') : `${shortDay(at, now)}, ${clock(at)}`)
