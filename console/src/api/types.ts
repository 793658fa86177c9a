/**
 * The JSON of the HTTP API by the names pages call it; moments are ISO 8601 UTC strings. Shapes are the generated ones,
 * but where the server says no more than `unknown` of what is in them: those are written by hand, in its own words.
 */

import type { Shape } from './shape'

export type Moment = string
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Properties = Record<string, Json>

export type Session = Shape<'SessionShape'>

export type SendState = 'pending' | 'claimed' | 'sent' | 'failed' | 'withheld' | 'in_doubt'

/** How many sends stand where; a state nobody stands in may be left out. */
export type Sends = Partial<Record<SendState, number>>

export type Loading = Shape<'Loading'>

export type ActivityDay = Shape<'ActivityShape'>

export type Effect =
  | { status: 'estimated'; difference: number; low: number; high: number; confidence: number; relative: number | null }
  | { status: 'inconclusive'; reason: string }

export type ArmResult = Shape<'ArmShape'>

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

export type RunStep = Shape<'holdfast__http__shapes__StepShape'>

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
  /** Runs that wait to be confirmed. */
  held: { kind: RunKind; id: string; name: string; run: number; people: number }[]
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

export type Identity = Shape<'IdentityShape'>

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

export type IdentityLink = Shape<'holdfast__http__shapes__LinkShape'>

export type PersonVisit = Shape<'VisitShape'>

/** Where push messages reach somebody. */
export type Device = Shape<'DeviceShape'>

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

export type SegmentCount = Shape<'Counted'>

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

export type LiveMembers = Shape<'LiveMembersShape'>

export type MailRow = Shape<'MailShape'>

export interface Mail extends MailRow {
  html: string
  text: string
  headers: Record<string, string>
  links: string[]
  size_bytes: number
  /** What a message that is no mail says, part by part. */
  words: Properties | null
}

export type BadRecord = Shape<'BadRecordShape'>

export type BadRecords = Shape<'ErrorPage'>

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
export type Occasion = Shape<'RunOf'>

/** A time of a schedule: what the clock says, and when it first and last says so where people live. */
export type Occurrence = Shape<'OccurrenceShape'>

export type Lane = Shape<'LaneShape'>

export type Provider = Shape<'holdfast__http__api__delivery__ProviderShape'>

export type Delivery = Shape<'LanePage'>

export type DeadLetter = Shape<'DeadLetterShape'>

export type DeadLetters = Shape<'DeadLetterPage'>

/** A number, and where a sample was replayed, between what it lies. */
export type Estimate = Shape<'EstimateShape'>

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
export type UnderWay = Shape<'QueryShape'>

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

export type TraceAttempt = Shape<'AttemptShape'>

export type Trace = Shape<'TraceShape'>

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

export type ChannelProvider = Shape<'holdfast__http__api__connections__ProviderShape'>

export type Trial = Shape<'holdfast__http__api__connections__TrialShape'>

export type EmailDomain = Shape<'EmailDomainShape'>

export type Suppression = Shape<'SuppressionShape'>

export interface Medium {
  name: string
  label: string
  help: string
  content: Schema
  html: string[]
}

/** One version of a saved template or block. */
export type SavedHeading = Shape<'SavedHeading'>

export interface Saved {
  heading: SavedHeading
  definition: Properties
  used_by: string[]
}

export type Remark = Shape<'RemarkShape'>

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

export type Catalogue = Shape<'CatalogueShape'>

export interface CatalogueItems {
  catalogue: Catalogue
  items: { id: string; fields: Properties }[]
  next: string
  looked_at: number
}

export type CouponPool = Shape<'PoolShape'>
