import { keepCsrf } from '~/api/client'
import type { Session } from '~/api/types'
import { isLanguage, language, speak } from '~/words/language'

/** Somebody has signed in: what they change is theirs from now on, and the console speaks as they asked for. */
export function arrived(session: Session): void {
  keepCsrf(session.csrf)
  const wanted = session.account?.language
  if (isLanguage(wanted) && wanted !== language()) speak(wanted)
}
