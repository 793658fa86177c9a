import { Refusal, Unreachable } from '~/api/client'
import { capital } from '~/words/happenings'
import { t } from '~/words/language'

/** Why somebody was not let in, by the server's word for it. */
const WORDS: Record<string, () => string> = {
  wrong_credentials: () => t('The address or the password is wrong.'),
  wrong_code: () => t('This code is wrong, or was used before.'),
  too_many_attempts: () => t('Too many tries. Wait a quarter of an hour, or ask an owner or admin for a link to a new password.'),
  account_disabled: () => t('This account is disabled. An owner or admin can enable it again.'),
  not_invited: () => t('Nobody with this address works here. Ask an owner or admin for an invitation.'),
  email_unverified: () => t('The identity provider does not vouch for your address. Ask whoever looks after it.'),
  oidc_not_begun: () => t('That took too long. Begin again.'),
  oidc_forged: () => t('What the identity provider said cannot be taken. Begin again, or ask an admin.'),
  oidc_refused: () => t('The identity provider did not let you in.'),
  oidc_unreachable: () => t('The identity provider does not answer. Try again later, or use your password.'),
  no_provider: () => t('There is no identity provider here any more.'),
  link_over: () => t('This link is not good any more.'),
  weak_password: () => t('This password is soon guessed. Use ten letters or more; a few words are easy to remember.'),
}

export const codeWords = (code: string): string => WORDS[code]?.() ?? t('You were not let in: {{code}}.', { code })

export function refusalWords(error: Error): string {
  if (error instanceof Refusal) return WORDS[error.code]?.() ?? capital(`${error.message} ${error.hint ?? ''}`.trim())
  if (error instanceof Unreachable) return t('The server did not answer. Try again.')
  return error.message
}
