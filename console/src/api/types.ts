/** The JSON of the HTTP API, by hand, in the server's own words. Moments are ISO 8601 UTC strings. */

import type { Shape } from './shape'

export type Moment = string
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Properties = Record<string, Json>

export interface Session {
  signed_in: boolean
  workspace?: { name: string; currency: string; zone?: string }
  demo?: boolean
  first_start?: boolean
  /** Null for an api key and for the open demo. */
  account?: { id: string; email: string; name: string; role: string; two_factor: boolean; language?: string } | null
  permissions?: string[]
  /** To be sent with everything that changes something. */
  csrf?: string
}

export type SendState = 'pending' | 'claimed' | 'sent' | 'failed' | 'withheld' | 'in_doubt'

/** How many sends stand where; a state nobody stands in may be left out. */
export type Sends = Partial<Record<SendState, number>>

export interface Loading {
  label: string
  done: number
  total: number
}

export interface ActivityDay {
  start: Moment
  events: number
  people: number
}

export type Effect =
  | { status: 'estimated'; difference: number; low: number; high: number; confidence: number; relative: number | null }
  | { status: 'inconclusive'; reason: string }

export interface ArmResult {
  arm: string
  people: number
  open_people: number
  converted: number
  conversion_rate: number | null
  orders: number
  revenue_minor: number
  revenue_per_person_minor: number | null
}

export interface Result {
  origin: string
  goal: { event: string; within_seconds: number }
  as_of: Moment
  currency: string
  arms: ArmResult[]
  conversion: Effect
  revenue_per_person: Effect
  words: string
}

export type RunKind = 'journey' | 'campaign'
export type RunState = 'live' | 'running' | 'paused' | 'stopped' | 'draft' | (string & {})

export interface RunRow {
  kind: RunKind
  id: string
  name: string
  state: RunState
  version: number
  entered: number
  waiting: number
  sent: number
  result: Result | null
}

export interface RunStep {
  id: string
  type: string
  title: string
  note: string
  entered: number
  waiting: number
  exits: Record<string, number>
}

export interface Run extends RunRow {
  definition: { [key: string]: Json }
  steps: RunStep[]
  sends: Sends
}

export interface Overview {
  as_of: Moment
  people: number
  events: number
  active_people_24h: number
  events_per_minute: number
  sends: Sends
  errors_open: number
  /** Requests that are safe on disk and not in the numbers yet. */
  backlog?: number
  loading: Loading | null
  activity: ActivityDay[]
  running: RunRow[]
}

export interface Tick {
  as_of: Moment
  events: number
  people: number
  events_per_minute: number
  sends: Sends
  errors_open: number
  /** Requests that are safe on disk and not in the numbers yet. */
  backlog?: number
  loading: Loading | null
}

export interface Identity {
  kind: string
  value: string
  id?: number
}

export interface HappenedEvent {
  event: string
  kind: string
  timestamp: Moment
  received_at: Moment
  properties: Properties
  context: Properties
  message_id: string
  source: string
  identity: Identity
}

export interface LiveEvent extends HappenedEvent {
  person: { user_id: string; name: string }
}

export interface PersonRow {
  person: number
  /** Their oldest user id; before any login, their oldest anonymous id. */
  user_id: string
  known: boolean
  traits: Properties
  first_seen: Moment | null
  last_seen: Moment | null
}

export interface IdentityLink {
  id: number
  first: Identity
  second: Identity
  kind: string
  at: Moment
  by: string
  undone_at: Moment | null
}

export interface PersonVisit {
  origin: string
  origin_name: string
  version: number
  arm: string
  step: string
  entered_at: Moment
  due_at: Moment | null
  left_at: Moment | null
  left_by: string
}

/** Where push messages reach somebody. */
export interface Device {
  id: string
  type: 'web' | 'ios' | 'android'
  app: string
  heard_at: Moment
}

export interface Person extends PersonRow {
  identities: Identity[]
  devices?: Device[]
  consent: Record<string, boolean>
  links: IdentityLink[]
  event_counts: Record<string, number>
  visits: PersonVisit[]
  /** What they got of each experiment; the made-up shop tells nothing of it. */
  variants?: { experiment: string; variant: string; at: Moment }[]
}

export interface EventPage {
  events: HappenedEvent[]
  next_before: Moment | null
}

export interface SegmentCount {
  count: number
  of: number
  took_ms: number
  words: string
}

export interface SavedSegment {
  id: string
  name: string
  definition: Json
  words: string
  updated_at: Moment
  /** Whether who is in it is known at every moment. */
  live?: boolean
  version?: number
  used_by?: Shape<'UseShape'>[]
}

export interface LiveMembers {
  version: number
  size: number
  live_since: Moment
  /** The share of those who were there before that has been looked at. */
  filled: number
  members: { person: number; user_id: string; since: Moment }[]
  next_after: number | null
}

export interface MailRow {
  id: number
  to: string
  from: string
  subject: string
  preview: string
  received_at: Moment
  send: string
  medium: string
  /** Whom it was sent to; empty for what no journey or campaign sent. */
  user_id: string
}

export interface Mail extends MailRow {
  html: string
  text: string
  headers: Record<string, string>
  links: string[]
  size_bytes: number
  /** What a message that is no mail says, part by part. */
  words: Properties | null
}

export interface BadRecord {
  id: number
  at: Moment
  source: string
  code: string
  message: string
  path: string
  hint: string
  body: string
  origin: string
  replayed_at: Moment | null
}

export interface BadRecords {
  errors: BadRecord[]
  total: number
  by_code: Record<string, number>
}

export interface EventName {
  name: string
  count: number
  people: number
  first: Moment | null
  last: Moment | null
  /** What somebody wrote down of it; empty where nobody did. */
  meaning: string
}

export interface PropertyName {
  name: string
  type: string
  /** How often it was of which type. */
  types: Record<string, number>
  examples: Json[]
  first: Moment | null
  last: Moment | null
  meaning: string
}

export type OccasionState = 'preparing' | 'held' | 'running' | 'paused' | 'done' | 'stopped' | 'missed'

/** One occasion of a campaign: how large its audience is, and what became of those who were asked. */
export interface Occasion {
  id: number
  /** What the clock says, the key of a call, or the message id of an event. */
  key: string
  state: OccasionState
  version: number
  event: string
  at: Moment
  began: Moment
  ended: Moment | null
  as_of: Moment | null
  people: number | null
  chosen: number
  asked: number
  /** People by arm, and those who did not enter by the reason. */
  counts: Record<string, number>
  properties: Properties
  reason: string
}

/** A time of a schedule: what the clock says, and when it first and last says so where people live. */
export interface Occurrence {
  wall: string
  opens: Moment
  closes: Moment
}

export interface Lane {
  channel: string
  urgency: 'transactional' | 'journey' | 'broadcast'
  waiting: number
  under_way: number
  in_doubt: number
  oldest_due_at: Moment | null
  late_seconds: number
}

export interface Provider {
  channel: string
  breaker: 'closed' | 'open' | 'half_open'
  opens_at: Moment | null
  rate: string
  slowed: { domain: string; until: Moment; deferrals: number }[]
}

export interface Delivery {
  as_of: Moment
  lanes: Lane[]
  providers: Provider[]
  /** How many there are, by channel. */
  dead_letters: Record<string, number>
}

export interface DeadLetter {
  key: string
  origin_kind: RunKind | 'keyword'
  origin: string
  version: number
  step: string
  channel: string
  topic: string
  transactional: boolean
  address: string
  state: 'failed' | 'in_doubt'
  reason: string
  attempts: number
  created_at: Moment
  dead_at: Moment
  replayable: boolean
  answers: { at: Moment; said: string }[]
}

export interface DeadLetters {
  dead_letters: DeadLetter[]
  next_before: string | null
  total: number
}

/** A number, and where a sample was replayed, between what it lies. */
export interface Estimate {
  count: number
  low: number
  high: number
}

/** What a journey or campaign would have done over a period of the past. Nothing was sent. */
export interface Simulation {
  words: string
  since: Moment
  until: Moment
  people: { could_enter: number; replayed: number; sampled: boolean }
  entered: {
    people: Record<string, Estimate>
    entries: Record<string, Estimate>
    by_day: { day: string; arms: Record<string, Estimate> }[]
  }
  not_entered: (Estimate & { reason: string; words: string })[]
  paths: (Estimate & { steps: string[]; share: number })[]
  steps: { id: string; title: string; note: string; came: Estimate; exits: Record<string, Estimate>; waiting: Estimate }[]
  sends: (Estimate & { step: string; channel: string; day: string; outcome: string; reason: string })[]
  outcomes: Record<string, Estimate>
  deferred: Estimate
  cost: { currency: string; minor: number; low: number; high: number; by_channel: Record<string, number>; unpriced: string[] } | null
  goal: { event: string; people: number; reached: number; open_people: number; share: number | null; low: number | null; high: number | null }
  effect: { status: string; words?: string }
}

/** A question under way, by the id it was asked with. */
export interface UnderWay {
  id: string
  words: string
  /** A share of 1. */
  progress: number
  elapsed_ms: number
  rows_read: number
  rows_total: number
}

/** One thing that happened at a stage of the way from an event to the provider, or did not. */
export interface TraceMoment {
  at: Moment
  stage: string
  outcome: string
  step: string
  /** Why, in one word or in the provider's words. */
  reason: string
  send: string
}

export interface TraceAttempt {
  event: string
  event_at: Moment | null
  entered: boolean
  reason: string
  words: string
  version: number | null
  arm: string
  moments: TraceMoment[]
}

export interface Trace {
  user_id: string
  origin: string
  kind: RunKind
  name: string
  state: RunState
  words: string
  /** The last ones, oldest first. */
  attempts: TraceAttempt[]
}

/** A JSON Schema, as far as our declarations go. */
export interface Schema {
  type?: string
  description?: string
  default?: Json
  enum?: Json[]
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
}

export interface Connection {
  name: string
  provider: string
  label: string
  medium: string
  settings: Properties
  /** Whether there is one; a secret itself is never told. */
  secrets: Record<string, boolean>
  default: boolean
  problem: string
  callback_url: string
  created_at: Moment
  changed_at: Moment
  by: string
}

export interface Connections {
  connections: Connection[]
  carried: { medium: string; by: 'connection' | 'settings' | 'mailbox' | 'inbox' | 'nothing'; connection: string }[]
}

export interface ChannelProvider {
  name: string
  label: string
  medium: string
  source: string
  settings: Schema
  calls_back: boolean
}

export interface Trial {
  verdict: 'accepted' | 'deferred' | 'refused' | 'in_doubt'
  reason: string
  provider_id: string
  kept: boolean
}

export interface EmailDomain {
  domain: string
  connection: string
  bounce_host: string
  records: { kind: string; name: string; value: string; zone_line: string; why: string }[]
}

export interface Suppression {
  channel: string
  address: string
  reason: string
  at: Moment
}

export interface Medium {
  name: string
  label: string
  help: string
  content: Schema
  html: string[]
}

/** One version of a saved template or block. */
export interface SavedHeading {
  id: string
  version: number
  name: string
  medium: string
  saved_at: Moment
  by: string
  deleted: boolean
}

export interface Saved {
  heading: SavedHeading
  definition: Properties
  used_by: string[]
}

export interface Remark {
  code: string
  weight: 'wrong' | 'risky' | 'note'
  part: string
  message: string
  hint: string
}

export interface TemplatePreview {
  medium: string
  parts: Properties | null
  reason: string
  template: string
  version: number
  variant: string
  language: string
  used: { part: string; line: number; name: string; value: Json; has_default: boolean }[]
  remarks: Remark[]
}

export interface Catalogue {
  name: string
  items: number
  fields: Record<string, string>
  ranked_by: string
  changed_at: Moment
  by: string
}

export interface CatalogueItems {
  catalogue: Catalogue
  items: { id: string; fields: Properties }[]
  next: string
  looked_at: number
}

export interface CouponPool {
  name: string
  codes: number
  given: number
  left: number
  made_at: Moment
}
