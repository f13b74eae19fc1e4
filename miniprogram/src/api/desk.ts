import { attendantNow, deskHeaders, keepAttendant } from '@/pages/desk/attendant'
import type { DeskKey } from '@/pages/desk/verify'
import { get, postAsGuest, send } from './client'
import { ApiError } from './errors'
import type { Booking, Named } from './types'

export interface Closure {
  id: number
  service: Named | null
  unit: string | null
  kind: ClosureKind
  reason: string | null
  start: string
  until: string | null
  ended_at?: string | null
  undo_until?: string | null
}
export type ClosureKind = 'closed' | 'broken' | 'cleaning'
export interface BoardUnit {
  no: string
  zone: string | null
  accessible: boolean
  state: 'ok' | ClosureKind
  closure: { id: number; kind: ClosureKind; reason: string | null; until: string | null } | null
  free_until: string | null
}
export interface BoardBooking {
  code: string
  state: Booking['state']
  who: string
  plate_tail: string | null
  unit: string | null
  zone: string | null
  start: string
  end: string
  grace_until: string
  party_size: number
  source: string
  is_overnight_from_yesterday: boolean
  undo_until: string | null
  late_minutes: number
  kind: 'unit' | 'pool' | 'desk' | 'room'
  service?: Named
}
export interface BoardService {
  service: Named & { kind: BoardBooking['kind'] }
  units: BoardUnit[]
  bookings: BoardBooking[]
}
export interface BoardOffer {
  entry: string
  who: string
  service: Named
  start: string
  end: string
  unit: string | null
  answer_until: string
  by_desk: boolean
}
export interface BoardWaiting {
  entry: string
  who: string
  service: Named
  position: number | null
  start: string
  until: string
  state: string
}
export interface Conflict {
  id: number
  at: string
  who?: string | null
  booking?: string | null
  service?: Named | null
  unit?: string | null
  message?: string | null
  code?: string | null
}
export interface DeskNotice {
  id: number
  kind: 'congestion' | 'closure' | 'hours'
  text: string
  from: string
  until: string | null
  grace_minutes: number | null
}
export interface Board {
  centre: Named
  date: string
  now: string
  services: BoardService[]
  requests: string[]
  offers: BoardOffer[]
  waiting: BoardWaiting[]
  conflicts: Conflict[]
  notices: DeskNotice[]
  closures: Closure[]
  counts: { arrived: number; expected: number; no_show: number; free_now: number }
}
export interface OfflinePack {
  keys: DeskKey[]
  centre: Named
  services: string[]
  bookings: {
    code: string
    service: string
    unit: string | null
    start: string
    end: string
    state: string
    who: string
    plate_tail: string | null
  }[]
  at: string
}
export interface WalkInWish {
  service: string
  minutes?: number
  zone?: string
  unit?: string
  party_size?: number
  name?: string
  plate?: string
  override_reason?: string
  /** The wait-list entry of whoever stands there. */
  entry?: string
}
export interface Affected {
  code: string
  who: string
  service: Named
  unit: string | null
  start: string
  end: string
  proposal: { kind: 'unit'; unit: string } | { kind: 'choose' }
}
export interface Proposal {
  seen: string
  affected: Affected[]
  present: string[]
}
export interface Proposed {
  proposal: Proposal
  closure?: Closure | null
}
export interface ClosureWish {
  service?: string
  unit?: string
  /** Left out: now. */
  start?: string
  until?: string
  kind: ClosureKind
  reason: string
}
export type HoursOf = Record<string, string | string[] | null>
export interface HoursWish {
  service?: string
  effective_from: string
  hours: HoursOf
}
export interface HoursNow {
  items: { service: Named | null; effective_from: string | null; hours: HoursOf; text?: string }[]
}
export interface RosterRow {
  id: number
  service: Named
  unit: string
  who: string
  weekday: number | null
  date: string | null
  opens: string
  closes: string
  from: string | null
  to: string | null
}
export interface RosterWish {
  service: string
  unit: string
  who: string
  weekday?: number
  date?: string
  opens: string
  closes: string
}
export interface DeskMark {
  id: number
  who?: string
  kind: 'no_show' | 'late_cancel'
  booking: string
  service: Named
  at: string
  contested_at: string | null
  contest_text?: string | null
}
export interface Note {
  id: number
  kind: NoteKind
  text: string
  by?: string | null
  at: string
  settled_at: string | null
  settled_text?: string | null
}
export type NoteKind = 'note' | 'lost_property' | 'handover'
export interface WaitWish {
  service: string
  start: string
  minutes?: number
  until?: string
  zone?: string
  party_size?: number
  name?: string
  plate?: string
}

type Items<T> = { items: T[] }
const at = (centre: string, rest: string): string => `/desk/${encodeURIComponent(centre)}/${rest}`
const isOver = (error: unknown): boolean => error instanceof ApiError && error.code === 'pin_required'

/** Looking, and uploading what happened already, go on under the device's account when the attendant's shift is over. */
async function lenient<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isOver(error) || !attendantNow()) throw error
    keepAttendant(null)
    return work()
  }
}

/** What is done now needs its person: the shift that is over is dropped and the refusal says to enter the PIN. */
async function strict<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isOver(error)) keepAttendant(null)
    throw error
  }
}

const read = <T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> =>
  lenient(() => get<T>(path, query, deskHeaders()))
const write = <T>(path: string, body: unknown = {}, method: 'POST' | 'PATCH' | 'DELETE' = 'POST'): Promise<T> =>
  strict(() => send<T>(method, path, body, deskHeaders()))

export const board = (centre: string, date?: string): Promise<Board> => read(at(centre, 'board'), { date })
export const offlinePack = (centre: string): Promise<OfflinePack> => read(at(centre, 'offline'))
export const find = (centre: string, q: string): Promise<Items<BoardBooking>> => read(at(centre, 'find'), { q })

export type Verb = 'check-in' | 'complete' | 'no-show' | 'undo' | 'confirm' | 'refuse' | 'unit' | 'extend' | 'cancel'
export const act = (code: string, verb: Verb, body: object = {}): Promise<Booking> => write(`/bookings/${code}/${verb}`, body)
export const bookingOf = (code: string): Promise<Booking> => read(`/bookings/${code}`)
export const arrive = (centre: string, what: { pass: string } | { code: string }, key: string): Promise<Booking> =>
  write(at(centre, 'arrivals'), { ...what, client_uuid: key })
export const walkIn = (centre: string, wish: WalkInWish, key: string): Promise<Booking> =>
  write(at(centre, 'walk-ins'), { ...wish, client_uuid: key })
/** Never opens the sign-in page: it runs by itself as soon as there is a network. */
export const sync = <T>(centre: string, device: string, items: object[]): Promise<T> =>
  lenient(() => postAsGuest<T>(at(centre, 'sync'), { device, items }, deskHeaders()))

export const conflicts = (centre: string): Promise<Items<Conflict>> => read(at(centre, 'conflicts'))
export const settleConflict = (centre: string, id: number, answer: { unit?: string; note?: string }): Promise<unknown> =>
  write(at(centre, `conflicts/${id}/settle`), answer)

export const addWaiting = (centre: string, wish: WaitWish, key: string): Promise<unknown> =>
  write(at(centre, 'waitlist'), { ...wish, client_uuid: key })
export const answerOffer = (entry: string, answer: 'accept' | 'decline' | 'cancel'): Promise<{ booking: string | null }> =>
  write(`/waitlist/${entry}/${answer}`)

export const closures = (centre: string): Promise<Items<Closure>> => read(at(centre, 'closures'))
export const close = (centre: string, wish: ClosureWish, seen?: string, key?: string): Promise<Proposed> =>
  write(at(centre, 'closures'), { ...wish, apply: seen !== undefined, seen, client_uuid: key })
export const endClosure = (centre: string, id: number, how: 'end' | 'undo' = 'end'): Promise<unknown> =>
  write(at(centre, `closures/${id}/${how}`))

export const hours = (centre: string): Promise<HoursNow> => read(at(centre, 'hours'))
export const changeHours = (centre: string, wish: HoursWish, seen?: string): Promise<Proposed> =>
  write(at(centre, 'hours'), { ...wish, apply: seen !== undefined, seen })

export const rosters = (centre: string): Promise<Items<RosterRow>> => read(at(centre, 'rosters'))
export const addRoster = (centre: string, wish: RosterWish): Promise<unknown> => write(at(centre, 'rosters'), wish)
export const removeRoster = (centre: string, id: number, seen?: string): Promise<Proposed | null> =>
  write(at(centre, `rosters/${id}`), { apply: seen !== undefined, seen }, 'DELETE')

export const notices = (centre: string): Promise<Items<DeskNotice>> => read('/notices', { centre })
export const postNotice = (notice: { centre: string; kind: DeskNotice['kind']; text: string; until?: string; grace_minutes?: number }): Promise<DeskNotice> =>
  write('/notices', notice)
export const changeNotice = (id: number, changes: { text?: string; until?: string; grace_minutes?: number; end?: true }): Promise<DeskNotice> =>
  write(`/notices/${id}`, changes, 'PATCH')

export const marks = (centre: string): Promise<Items<DeskMark>> => read(at(centre, 'marks'), { contested: 1 })
export const judgeMark = (centre: string, id: number, how: 'waive' | 'keep', reason: string): Promise<unknown> =>
  write(at(centre, `marks/${id}/${how}`), { reason })

export const notes = (centre: string): Promise<Items<Note>> => read(at(centre, 'notes'))
export const addNote = (centre: string, kind: NoteKind, text: string, key: string): Promise<Note> =>
  write(at(centre, 'notes'), { kind, text, client_uuid: key })
export const settleNote = (centre: string, id: number, text: string): Promise<unknown> =>
  write(at(centre, `notes/${id}/settle`), text ? { text } : {})

export interface Person {
  id: number
  name: string
  has_pin: boolean
}
export const attendants = (centre: string): Promise<Items<Person>> => read(at(centre, 'attendants'))
export const takeDesk = (centre: string, attendant: number, pin: string): Promise<{ token: string; name: string; expires_at: string }> =>
  write(at(centre, 'attendant'), { attendant, pin })
export const setPin = (pin: string): Promise<unknown> => send('PUT', '/me/desk-pin', { pin })
