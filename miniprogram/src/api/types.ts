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
export type Service = Schemas['ServiceOut']
export type Availability = Schemas['AvailabilityOut']
export type Slot = Availability['slots'][number]
export type Span = NonNullable<Availability['next_free']>
export type Month = Schemas['MonthOut']
export type MonthDay = Month['days'][number]
export type BookIn = Omit<Schemas['BookIn'], 'client_uuid' | 'party_size' | 'plate' | 'zone' | 'accessible'> & {
  party_size?: number
  zone?: Zone
  accessible?: boolean
}
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
type Detail = Schemas['BookingDetailOut']
type Newer = 'late' | 'can_move' | 'can_extend' | 'grace_reason' | 'calendar_url'
/** What a phone kept by an older version of the app may lack. */
export type BookingView = Omit<Booking, Newer> & Partial<Pick<Booking, Newer>>
export type BookingEvent = Detail['events'][number]
export type BookingDetail = BookingView & Partial<Pick<Detail, 'events' | 'moved_to' | 'moved_from' | 'entry' | 'options'>>
export interface MoveIn {
  start: string
  minutes?: number
  zone?: Zone
  party_size?: number
}
/** In the details of `late_conflict`, which the document does not spell out. */
export type LateChoice =
  | { choice: 'other_unit'; unit: string; end: string }
  | { choice: 'shorten'; end: string; minutes: number }
  | { choice: 'later'; alternatives: Span[] }

export type Entry = Schemas['EntryOut'] & { log?: Schemas['EntryDetailOut']['log'] }
export type WaitState = Entry['state']
export type Offer = NonNullable<Entry['offer']>
export type OfferLine = Schemas['EntryDetailOut']['log'][number]
export interface WaitIn {
  accessible?: boolean
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

export type Mark = Schemas['MarkOut']
export type Marks = Schemas['OwnMarksOut']
export type Notice = Centre['notices'][number]
