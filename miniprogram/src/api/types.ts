/** Shapes of the server's answers that the pages use. */

export type Zone = 'male' | 'female'

export interface Page<T> {
  items: T[]
  total: number
  page: number
  per_page: number
}

export interface Role {
  role: string
  role_name?: string
  scope_kind: string
  scope: string | null
  scope_name: string | null
  valid_to: string | null
}

export interface Named {
  code: string
  name: string
}

export interface Person {
  id: number
  name: string
  zone: Zone | null
  phone_masked: string | null
  roles: Role[]
  orgs: Named[]
  branch: Named | null
  settings: { large_text?: boolean }
}

export interface SignedIn {
  token: string
  expires_at: string
  person: Person
}

export interface AppConfig {
  env: 'demo' | 'production'
  demo_people?: { code: string; label: string }[]
}

export interface CentreNotice {
  id: number | string
  kind: string
  text: string
  from: string | null
  until: string | null
}

export interface Service {
  code: string
  name: string
  kind: 'unit' | 'pool' | 'desk' | 'room'
  slot_minutes: number
  step_minutes: number
  min_minutes: number
  max_minutes: number
  cleaning_minutes: number
  grace_minutes: number
  has_zones: boolean
  zones: Zone[]
  capacity: number
  booking_required: boolean
  bookable: boolean
  needs_approval?: boolean
  window_days?: number
  open_now: boolean
  free_now: number
  hours_text: string
  centre: Named
}

export interface Centre {
  code: string
  name: string
  place: string
  lat: number | null
  lon: number | null
  distance_m: number | null
  tz: string
  contact: string | null
  free_of_charge: boolean
  way_in: string | null
  open_now: boolean
  free_now: number
  hours_text: string
  notices: CentreNotice[]
  services?: Service[]
}

export interface Slot {
  start: string
  end: string
  free: number
  capacity: number
  zones?: Partial<Record<Zone, number>>
}

export interface Availability {
  service: string
  date: string
  zone: Zone | null
  minutes: number
  slots: Slot[]
  next_free: { start: string; end: string } | null
}

export interface MonthDay {
  date: string
  free_slots: number
  open: boolean
}

export type BookingState =
  | 'requested'
  | 'confirmed'
  | 'checked_in'
  | 'completed'
  | 'cancelled'
  | 'no_show'
  | 'moved'
  | 'displaced'
  | 'refused'
  | 'lapsed'
  | 'overstayed'

export interface Booking {
  code: string
  state: BookingState
  service: Named & { kind: string }
  centre: Named & { place: string }
  unit: string | null
  zone: Zone | null
  start: string
  end: string
  grace_until: string
  party_size: number
  plate_masked: string | null
  pass: string
  can_cancel: boolean
  late_cancel: boolean
  created_at: string
  source: string
}

export interface BookIn {
  service: string
  start: string
  minutes: number
  party_size?: number
  zone?: Zone
}

export interface Activity {
  code: string
  type: string
  type_name: string
  title: string
  theme_tags: string[]
  hosts: { kind: string; name: string }[]
  audience: 'members' | 'open' | 'invited'
  place: string
  starts: string
  ends: string
  state: string
  phase: 'upcoming' | 'check_in_open' | 'running' | 'ended'
  check_in_opens: string
  check_in_closes: string
  capacity: number | null
  registered: number
  registration: { open: boolean; opens: string | null; closes: string | null }
  check_in_mode: string
  description: string
  agenda: string[]
  mine: { registration: string | null; checked_in_at: string | null; grade: string | null } | null
  i_host: boolean
}

export interface QrStep {
  qr: string
  valid_from: string
  valid_until: string
}

export interface DisplayCode {
  qr: string
  valid_until: string
  step_seconds: number
  server_time: string
  next: QrStep[]
  counts: { registered: number; checked_in: number }
}

export interface ScanTicket {
  ticket: string
  expires_at: string
  activity: { code: string; title: string }
}

export interface CheckInResult {
  grade: 'accepted' | 'provisional' | 'review' | 'rejected' | 'revoked'
  reasons: string[]
  state: string
  at: string
  repeat: boolean
  activity: { code: string; title: string }
  host_branch: string | null
}

export interface AttendanceRow {
  name: string
  branch: string | null
  state: string
  grade: string | null
  at: string | null
  method: string | null
  repeat_scans: number
}

export interface Attendance extends Page<AttendanceRow> {
  counts: Record<'expected' | 'registered' | 'attended' | 'late' | 'on_leave' | 'absent', number>
}

export interface Condition {
  sign?: 'met' | 'unmet' | 'unknown'
  requirement: string
  field?: string | null
  value?: string | null
  as_of?: string | null
  clause?: string | null
  hard?: boolean
  children?: Condition[]
  kind?: 'leaf' | 'all' | 'any' | 'not' | 'at_least'
}

export type VerdictWord =
  | 'eligible_open'
  | 'eligible_upcoming'
  | 'eligible_closed'
  | 'ineligible'
  | 'undetermined'
  | 'near_miss'

export interface Question {
  field: string
  question: string
  type: 'bool' | 'enum' | 'number' | 'money' | 'percent' | 'date' | string
  unit?: string | null
  options?: { value: unknown; label: string }[]
}

export interface Verdict {
  code: string
  title: string
  category?: string
  verdict: VerdictWord | null
  verdict_text?: string | null
  conditions?: Condition[]
  department?: string | null
  materials?: string[]
  window_text?: string | null
  benefit?: string | null
  disclaimer?: string | null
}

export interface Checked extends Verdict {
  check_id: number | string
  next_question: Question | null
}

export interface PolicyItem {
  code: string
  name: string
  title: string
  category: string
  category_name: string
  level: string
  department: string
  benefit: string
  max_amount_wan: string | number | null
  state: 'open' | 'closing_soon' | 'upcoming' | 'closed' | 'suspended' | 'repealed'
  opens: string | null
  closes: string | null
  days_left: number | null
  chains: (string | Named)[]
}

export interface PolicyDetail extends PolicyItem {
  version: number | string
  materials: string[]
  steps: string[]
  conditions: Condition[]
  source_doc: string | null
  text: string | null
}

export interface Fact {
  field: string
  label: string
  value: unknown
  value_text: string
  as_of: string | null
  source: string
}

export type BotReply =
  | { kind: 'text'; text: string }
  | { kind: 'policies'; text?: string; items: Verdict[]; next_question?: Question | null }
  | { kind: 'slots'; text?: string; service: Named; date: string; items: { start: string; end: string; free: number }[] }
  | { kind: 'choices'; text: string; choices: { label: string; send: string }[] }
  | { kind: 'handover'; text: string; draft: DemandDraft; demand_code?: string | null }
  | { kind: 'emergency'; text: string; numbers: { label: string; number: string }[] }

export interface BotAnswer {
  intent: string
  confidence: number
  replies: BotReply[]
}

export interface DemandDraft {
  category: string
  category_name?: string
  title: string
  text: string
}

export interface Demand {
  code: string
  state: string
  category: string
  category_name: string
  title: string
  text: string
  created_at: string
  submitted_at: string | null
  events?: { seq: number; at: string; from: string | null; to: string; reason: string | null }[]
}

export interface InboxItem {
  id: number
  template: string
  title: string
  text: string
  page: string | null
  at: string
  read_at: string | null
}

export interface SubscribeTemplate {
  id: string
  name: string
}
