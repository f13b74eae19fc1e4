import { attendantNow, deskHeaders, keepAttendant } from '@/pages/desk/attendant'
import { get, postAsGuest, send } from './client'
import { ApiError } from './errors'
import type { components } from './schema'
import type { Booking } from './types'

type Schemas = components['schemas']

export type Board = Schemas['BoardOut']
export type BoardService = Board['services'][number]
export type BoardUnit = BoardService['units'][number]
/** A booking as the board shows it: a form of address, no full name. */
export type BoardBooking = BoardService['bookings'][number]
export type BoardOffer = Board['offers'][number]
export type BoardWaiting = Board['waiting'][number]
export type Conflict = Schemas['ConflictOut']
export type Found = Schemas['FoundOut']['items'][number]
export type Arrived = Schemas['ArrivedOut']
export type OfflinePack = Schemas['OfflineOut']
export type SyncAnswer = Schemas['SyncOut']
export type WalkInWish = Wish<Schemas['WalkInIn'], 'service'>

export type Proposal = Schemas['ChangeAnswer']['proposal']
export type Affected = Proposal['affected'][number]
export type Closure = Schemas['ClosureOut']
export type ClosureKind = Closure['kind']
export type ClosureWish = Wish<Schemas['ClosureIn'], 'kind' | 'reason'>
export type Opening = Schemas['OpeningOut']
export type SpecialDays = Opening['exceptions'][number]
export type HoursOf = Record<string, string | string[] | null>
export interface HoursWish {
  service?: string
  effective_from: string
  hours: HoursOf
}
/** Other hours, or none, from one day to another. */
export interface DaysWish {
  service?: string
  from: string
  to: string
  hours: string | string[] | null
  reason: string
}
export type RosterRow = Schemas['RosterOut']
export type RosterWish = Wish<Schemas['RosterIn'], 'service' | 'unit' | 'who' | 'opens' | 'closes'>

export type DeskNotice = Schemas['NoticeOut']
export type NoticeWish = Wish<Schemas['NoticeIn'], 'centre' | 'kind' | 'text'>
export type DeskMark = Schemas['DeskMarkOut']
export type Note = Schemas['NoteOut']
export type NoteKind = Note['kind']
export type WaitWish = Wish<Schemas['DeskWaitIn'], 'service' | 'start'>
export type Attendant = Schemas['AttendantsOut']['items'][number]

/** What a form fills in: the named members, the rest as wanted; the key comes with the sending. */
type Told<T> = { [Name in keyof T]: Exclude<T[Name], null> }
type Wish<T, Needed extends keyof T> = Told<Pick<T, Needed> & Partial<Omit<T, Needed | 'client_uuid' | 'apply' | 'seen'>>>
type Items<T> = { items: T[] }
type Change = Schemas['ChangeAnswer']
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
export const find = (centre: string, q: string): Promise<Items<Found>> => read(at(centre, 'find'), { q })

export type Verb = 'check-in' | 'complete' | 'no-show' | 'undo' | 'confirm' | 'refuse' | 'unit' | 'extend' | 'late'
export const act = (code: string, verb: Verb, body: object = {}): Promise<Booking> => write(`/bookings/${code}/${verb}`, body)
export const bookingOf = (code: string): Promise<Booking> => read(`/bookings/${code}`)
export const arrive = (centre: string, what: { pass: string } | { code: string }, key: string): Promise<Arrived> =>
  write(at(centre, 'arrivals'), { ...what, client_uuid: key })
export const walkIn = (centre: string, wish: WalkInWish, key: string): Promise<Booking> =>
  write(at(centre, 'walk-ins'), { ...wish, client_uuid: key })
/** Never opens the sign-in page: it runs by itself as soon as there is a network. */
export const sync = (centre: string, device: string, items: object[]): Promise<SyncAnswer> =>
  lenient(() => postAsGuest<SyncAnswer>(at(centre, 'sync'), { device, items }, deskHeaders()))

export const conflicts = (centre: string): Promise<Items<Conflict>> => read(at(centre, 'conflicts'))
export const settleConflict = (centre: string, id: number, answer: { unit?: string; note?: string }): Promise<unknown> =>
  write(at(centre, `conflicts/${id}/settle`), answer)

export const addWaiting = (centre: string, wish: WaitWish, key: string): Promise<unknown> =>
  write(at(centre, 'waitlist'), { ...wish, client_uuid: key })
export const answerOffer = (entry: string, answer: 'accept' | 'decline' | 'cancel'): Promise<Schemas['EntryOut']> =>
  write(`/waitlist/${entry}/${answer}`)

export const closures = (centre: string): Promise<Items<Closure>> => read(at(centre, 'closures'))
export const close = (centre: string, wish: ClosureWish, seen?: string, key?: string): Promise<Schemas['ClosureAnswer']> =>
  write(at(centre, 'closures'), { ...wish, apply: seen !== undefined, seen, client_uuid: key })
export const endClosure = (centre: string, id: number, how: 'end' | 'undo' = 'end'): Promise<unknown> =>
  write(at(centre, `closures/${id}/${how}`))

export const hours = (centre: string): Promise<Opening> => read(at(centre, 'hours'))
export const changeHours = (centre: string, wish: HoursWish, seen?: string): Promise<Change> =>
  write(at(centre, 'hours'), { ...wish, apply: seen !== undefined, seen })
export const changeDays = (centre: string, wish: DaysWish, seen?: string): Promise<Change> =>
  write(at(centre, 'exceptions'), { ...wish, apply: seen !== undefined, seen })
export const dropDays = (centre: string, id: number, seen?: string): Promise<Change> =>
  write(at(centre, `exceptions/${id}`), { apply: seen !== undefined, seen }, 'DELETE')

export const rosters = (centre: string): Promise<Items<RosterRow>> => read(at(centre, 'rosters'))
export const addRoster = (centre: string, wish: RosterWish): Promise<unknown> => write(at(centre, 'rosters'), wish)
export const removeRoster = (centre: string, id: number, seen?: string): Promise<Change> =>
  write(at(centre, `rosters/${id}`), { apply: seen !== undefined, seen }, 'DELETE')

export const notices = (centre: string): Promise<Items<DeskNotice>> => read('/notices', { centre })
export const postNotice = (notice: NoticeWish): Promise<DeskNotice> => write('/notices', notice)
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

export const attendants = (centre: string): Promise<Items<Attendant>> => read(at(centre, 'attendants'))
export const takeDesk = (centre: string, attendant: number, pin: string): Promise<Schemas['OnDutyOut']> =>
  write(at(centre, 'attendant'), { attendant, pin })
export const setPin = (pin: string): Promise<unknown> => send('PUT', '/me/desk-pin', { pin })
