/**
 * The server's shapes under the names the pages use, from the generated `schema.d.ts` (`make openapi` writes it anew).
 * Written by hand are only the bot's replies: their members depend on `kind`, which the document does not say.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Zone = 'male' | 'female'
export interface Page<T> {
  items: T[]
  total: number
  page: number
  per_page: number
}
export interface Named {
  code: string
  name: string
}

export type Person = Schemas['PersonOut']
export type SignedIn = Schemas['SignInOut']
export type AppConfig = Schemas['AppConfigOut']

export type Centre = Schemas['CentrePage']['items'][number]
export type Service = Schemas['ServiceOut'] & { max_party?: number | null }
export type Availability = Schemas['AvailabilityOut']
export type Slot = Availability['slots'][number]
export type Span = NonNullable<Availability['next_free']>
export type Month = Schemas['MonthOut']
export type MonthDay = Month['days'][number]
export type BookIn = Omit<Schemas['BookIn'], 'client_uuid' | 'party_size' | 'plate' | 'zone'> & { party_size?: number; zone?: Zone }
export type Booking = Schemas['BookingOut']

export type Activity = Schemas['ActivityOut']
export type DisplayCode = Schemas['DisplayCodeOut']
export type QrStep = DisplayCode['next'][number]
export type ScanTicket = Schemas['ScanTicketOut']
export type CheckInResult = Schemas['CheckInOut']
export type Attendance = Schemas['AttendanceOut']
export type AttendanceRow = Attendance['items'][number]

export type PolicyItem = Schemas['PolicyPage']['items'][number]
export type PolicyDetail = Schemas['PolicyDetailOut']
export type Checked = Schemas['CheckOut']
export type Question = NonNullable<Checked['next_question']>
/** A line of a verdict, or (without sign and value) of a policy that was not judged for a firm. */
export interface Condition {
  kind: Checked['conditions'][number]['kind']
  requirement: string
  sign?: Checked['conditions'][number]['sign']
  hard?: boolean
  field?: string | null
  value?: string | null
  as_of?: string | null
  clause?: string | null
  children?: Condition[]
}
/** A policy card: judged for a firm, or for a guest without a verdict. */
export interface PolicyCardFacts {
  code: string
  title: string
  verdict: Checked['verdict'] | null
  verdict_text?: string | null
  benefit?: string
  window_text?: string
  department?: string
  materials?: string[]
  disclaimer?: string
  conditions?: Condition[]
}
export type FactAnswer =
  | { field: string; value: NonNullable<Schemas['FactsIn.FactIn']['value']> }
  | { field: string; answer: 'unknown' | 'declined' }

export type DemandDraft = Schemas['BotReplyOut.DraftOut']
export type Demand = Schemas['DemandOut']

export type BotReply =
  | { kind: 'text'; text: string }
  | { kind: 'policies'; text?: string | null; items: PolicyCardFacts[]; next_question?: Question | null }
  | { kind: 'slots'; text?: string | null; service: Named; date: string; items: (Span & { free: number })[] }
  | { kind: 'choices'; text: string; choices: Schemas['BotReplyOut.TapOut'][] }
  | { kind: 'handover'; text: string; draft: DemandDraft; demand_code?: string | null }
  | { kind: 'emergency'; text: string; numbers: Schemas['BotReplyOut.NumberOut'][] }
export interface BotAnswer {
  intent: string
  replies: BotReply[]
}

export type Inbox = Schemas['InboxPage']
export type InboxItem = Inbox['items'][number]
export type SubscribeTemplates = Schemas['TemplatesOut']

/** Booking in depth: late, moved, displaced, the wait-list and the marks. */
export interface LateFacts {
  minutes: number
  possible: boolean
  max: number
}
export interface BookingEvent {
  seq: number
  at: string
  from: string | null
  to: string
  reason: string | null
  by: 'me' | 'staff' | 'system'
}
export interface Elsewhere {
  service: Named
  centre: Named & { place: string }
  alternatives: Span[]
}
export interface DisplacedOptions {
  alternatives: Span[]
  elsewhere: Elsewhere[]
  waitlist: boolean
}
interface BookingDepth {
  late: LateFacts
  can_move: boolean
  can_extend: boolean
  grace_reason: 'congestion' | null
  moved_to: string | null
  calendar_url: string
  entry: { id: string } | null
}
/** What a phone kept by an older version of the app may lack. */
export type BookingView = Booking & Partial<BookingDepth>
export type BookingDetail = BookingView & { events?: BookingEvent[]; moved_from?: string | null; options?: DisplacedOptions | null }
export interface MoveIn {
  start: string
  minutes?: number
  zone?: Zone
  party_size?: number
}
export type LateChoice =
  | { choice: 'other_unit'; unit: string; end: string }
  | { choice: 'shorten'; end: string; minutes: number }
  | { choice: 'later'; alternatives: Span[] }

export type WaitState = 'waiting' | 'offered' | 'accepted' | 'declined' | 'lapsed' | 'cancelled' | 'served'
export interface WaitIn {
  service: string
  start: string
  minutes?: number
  until?: string
  min_minutes?: number
  zone?: Zone
  party_size?: number
  no_night_offers?: boolean
  instead_of?: string
}
export interface Offer {
  start: string
  end: string
  unit: string | null
  answer_until: string
  seconds_left: number
}
export interface OfferLine {
  at: string
  start: string
  end: string
  state: 'offered' | 'accepted' | 'declined' | 'lapsed' | 'withdrawn'
  until: string | null
  mine: boolean
}
export interface Entry {
  id: string
  state: WaitState
  service: Named & { kind: string }
  centre: Named & { place: string }
  start: string
  until: string
  minutes: number
  min_minutes: number
  zone: Zone | null
  party_size: number
  joined_at: string
  position: number | null
  ahead: number
  no_night_offers: boolean
  lapses: number
  offer: Offer | null
  booking: string | null
  log?: OfferLine[]
  told_by: 'message' | 'inbox'
}

export interface Mark {
  id: number
  kind: 'no_show' | 'late_cancel'
  booking: string
  service: Named
  at: string
  counts: number
  expires_at: string
  waived_at: string | null
  waive_reason: string | null
  contested_at: string | null
  can_contest: boolean
}
export interface Marks {
  items: Mark[]
  sum: number
  limit: number
  restricted_until: string | null
}
export type Notice = Centre['notices'][number]
