import { t } from '~/words/language'

/** What was done, as the log says it in one word of ours. A word nobody knows here is told as it is. */
const ACTS: Record<string, () => string> = {
  published: () => t('published'),
  saved: () => t('saved'),
  deleted: () => t('deleted'),
  restored: () => t('restored'),
  paused: () => t('paused'),
  resumed: () => t('resumed'),
  stopped: () => t('stopped'),
  archived: () => t('archived'),
  triggered: () => t('sent to its whole audience'),
  run_confirmed: () => t('confirmed an occasion of'),
  run_paused: () => t('paused an occasion of'),
  run_resumed: () => t('resumed an occasion of'),
  run_stopped: () => t('stopped an occasion of'),
  imported: () => t('imported'),
  people_changed: () => t('changed who is on'),
  test_sent: () => t('sent a test of'),
  weighed: () => t('set the shares of'),
  winner_declared: () => t('declared the winner of'),
  merged: () => t('joined'),
  unmerged: () => t('parted'),
  consent_changed: () => t('changed the consent of'),
  requested: () => t('asked for'),
  added: () => t('added'),
  lifted: () => t('lifted'),
  replayed: () => t('sent again'),
  dropped: () => t('let go of'),
  tested: () => t('tried'),
  resealed: () => t('sealed anew'),
  revoked: () => t('revoked'),
  begun: () => t('signed in'),
  failed: () => t('could not sign in'),
  ended: () => t('signed out'),
  said: () => t('commented'),
  changed: () => t('changed'),
  asked: () => t('asked for'),
  approved: () => t('approved'),
  refused: () => t('refused'),
  withdrawn: () => t('withdrew'),
  overtaken: () => t('found overtaken'),
  rule_changed: () => t('changed the rule of'),
  made: () => t('made'),
  joined: () => t('joined'),
  invited: () => t('invited'),
  removed: () => t('removed'),
  signed_out: () => t('signed out'),
}

const KINDS: Record<string, () => string> = {
  journey: () => t('journey'),
  campaign: () => t('campaign'),
  segment: () => t('segment'),
  list: () => t('list'),
  template: () => t('template'),
  block: () => t('block'),
  catalogue: () => t('catalogue'),
  coupons: () => t('coupons'),
  experiment: () => t('experiment'),
  adaptive: () => t('adaptive path'),
  kpis: () => t('key figures'),
  insight: () => t('saved insight'),
  board: () => t('board'),
  person: () => t('person'),
  erasure: () => t('erasure'),
  suppression: () => t('suppression'),
  events: () => t('events'),
  bad_record: () => t('bad records'),
  dead_letter: () => t('dead letters'),
  connection: () => t('channel connection'),
  email_domain: () => t('email domain'),
  key: () => t('key'),
  session: () => t('session'),
  comment: () => t('comment'),
  approval: () => t('approval'),
  account: () => t('account'),
  settings: () => t('settings'),
}

/** What is asked for, of what would contact people. */
const ASKED: Record<string, () => string> = {
  published: () => t('to publish'),
  resumed: () => t('to resume'),
  saved: () => t('to start'),
  winner_declared: () => t('to declare the winner of'),
  triggered: () => t('to send to its whole audience'),
  run_confirmed: () => t('to confirm an occasion of'),
  run_resumed: () => t('to resume an occasion of'),
}

export const askWords = (action: string): string => ASKED[action.slice(action.indexOf('.') + 1)]?.() ?? actWords(action)

export const KIND_NAMES = Object.keys(KINDS)

const plain = (word: string) => word.replace(/_/g, ' ')

export const actWords = (action: string): string => {
  const act = action.slice(action.indexOf('.') + 1)
  return ACTS[act]?.() ?? plain(act)
}

export const kindWords = (kind: string): string => KINDS[kind]?.() ?? plain(kind)

/** Where a thing has its page; null for what has none. */
export function placeOf(kind: string, id: string): { to: '/journeys/$id' | '/campaigns/$id' | '/segments/$id' | '/people/$id' | '/experiments/$id' | '/content/$id' | '/content/blocks/$id'; params: { id: string } } | null {
  switch (kind) {
    case 'journey':
      return { to: '/journeys/$id', params: { id } }
    case 'campaign':
      return { to: '/campaigns/$id', params: { id } }
    case 'segment':
      return { to: '/segments/$id', params: { id } }
    case 'experiment':
      return { to: '/experiments/$id', params: { id } }
    case 'template':
      return { to: '/content/$id', params: { id } }
    case 'block':
      return { to: '/content/blocks/$id', params: { id } }
    case 'person':
      return { to: '/people/$id', params: { id } }
    default:
      return null
  }
}
