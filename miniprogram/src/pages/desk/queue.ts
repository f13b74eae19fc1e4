import { ApiError, sentenceOf } from '@/api/errors'
import { namesIn, read, write } from '@/state/storage'

/** What happened at the desk without a network (离线登记), kept until the server has said what became of it. */
export interface QueueItem {
  client_uuid: string
  kind: 'arrival' | 'walk_in' | 'complete'
  /** When it happened, by the device. */
  at: string
  pass?: string
  code?: string
  service?: string
  unit?: string
  minutes?: number
  zone?: string
  party_size?: number
  name?: string
  plate?: string
  /** For the eye alone: 林师傅 · 冲凉 S2 · 20:00–20:30. */
  label: string
  state: ItemState
  message: string
}

export type ItemState = 'waiting' | 'admitted' | 'repeat' | 'marked' | 'conflict' | 'refused'

/** What the server says of each item; of more than it tells only this is kept. */
interface SyncAnswer {
  items: { client_uuid: string; result: string; message: string }[]
}
type Upload = (items: object[]) => Promise<SyncAnswer>

const itemWords: Record<ItemState, string> = {
  waiting: '等待上传',
  admitted: '已到店',
  repeat: '已到店（早已登记）',
  marked: '已到店，已备注',
  conflict: '需要处理',
  refused: '没有登记成',
}
export const wordOf = (item: QueueItem): string =>
  item.kind === 'complete' ? itemWords[item.state].replace('已到店', '已离店') : itemWords[item.state]
export const itemMarks: Record<ItemState, string> = {
  waiting: 'word-warn',
  admitted: 'word-ok',
  repeat: 'word-ok',
  marked: 'word-warn',
  conflict: 'word-stop',
  refused: 'word-stop',
}

const FINAL: ItemState[] = ['admitted', 'repeat', 'marked', 'conflict', 'refused']
const BATCH = 50
const KEEP_DONE_MS = 12 * 3_600_000

/** The queue belongs to one account at one centre; nobody else's phone session shows or uploads it. */
const keyOf = (owner: number, centre: string): string => `desk-queue:${owner}:${centre}`

export const queueOf = (owner: number, centre: string): QueueItem[] => read<QueueItem[]>(keyOf(owner, centre)) ?? []

const store = (owner: number, centre: string, items: QueueItem[]): boolean => write(keyOf(owner, centre), items)

/** What is done and old goes; what waits, or needs someone, stays until it is dealt with. */
function tidy(items: QueueItem[], now: number): QueueItem[] {
  const stays = (item: QueueItem) => ['waiting', 'conflict', 'refused'].includes(item.state)
  return items.filter((item) => stays(item) || now - Date.parse(item.at) < KEEP_DONE_MS)
}

/** Put it into storage and read it back; false where the phone did not keep it, and then nothing may be said to be done. */
export function enqueue(owner: number, centre: string, item: Omit<QueueItem, 'state' | 'message'>, now: number): boolean {
  const fresh: QueueItem = { ...item, state: 'waiting', message: '' }
  store(owner, centre, [...tidy(queueOf(owner, centre), now), fresh])
  return queueOf(owner, centre).some((kept) => kept.client_uuid === item.client_uuid)
}

/** An arrival of that booking already noted here and not refused. */
export function notedArrival(items: QueueItem[], code: string): QueueItem | undefined {
  return items.find((item) => item.kind === 'arrival' && item.code === code && item.state !== 'refused')
}

export const waitingIn = (items: QueueItem[]): QueueItem[] => items.filter((item) => item.state === 'waiting')
export const troubledIn = (items: QueueItem[]): QueueItem[] => items.filter((item) => ['conflict', 'refused'].includes(item.state))

/** The centres of this account whose notes wait on this device. */
export function waitingCentres(owner: number): string[] {
  const prefix = `desk-queue:${owner}:`
  const centres = namesIn(prefix).map((name) => name.slice(prefix.length))
  return centres.filter((centre) => waitingIn(queueOf(owner, centre)).length)
}

/** How many notes on this device still wait for the network, of this account and of others who used it. */
export function unsent(owner: number): { mine: number; others: number } {
  const count = { mine: 0, others: 0 }
  for (const name of namesIn('desk-queue:')) {
    const waits = waitingIn(read<QueueItem[]>(name) ?? []).length
    if (name.startsWith(`desk-queue:${owner}:`)) count.mine += waits
    else count.others += waits
  }
  return count
}

/** Staff have seen what became of it. What still waits for the server cannot be put away. */
export function dismiss(owner: number, centre: string, clientUuid: string): void {
  const keeps = (item: QueueItem) => item.client_uuid !== clientUuid || item.state === 'waiting'
  store(owner, centre, queueOf(owner, centre).filter(keeps))
}

/**
 * Upload what waits, oldest first. Each item becomes final once: an answer never changes one that is final already,
 * and what got no answer (lost signal, closed tab) still waits and is sent again under the same client_uuid.
 */
export async function syncQueue(owner: number, centre: string, upload: Upload): Promise<string> {
  for (;;) {
    const batch = waitingIn(queueOf(owner, centre)).slice(0, BATCH)
    if (!batch.length) return ''
    try {
      const answer = await upload(batch.map(bodyOf))
      if (!settle(owner, centre, answer)) return '服务器没有回应每一条，稍后再传。'
    } catch (error) {
      if (!(error instanceof ApiError) || ![400, 413, 422].includes(error.status)) return sentenceOf(error)
      if (batch.length === 1) settle(owner, centre, refusalOf(batch[0], error))
      else for (const item of batch) await uploadAlone(owner, centre, item, upload)
    }
  }
}

/** One unreadable item must not hold back the others. */
async function uploadAlone(owner: number, centre: string, item: QueueItem, upload: Upload): Promise<void> {
  try {
    settle(owner, centre, await upload([bodyOf(item)]))
  } catch (error) {
    if (!(error instanceof ApiError) || ![400, 413, 422].includes(error.status)) throw error
    settle(owner, centre, refusalOf(item, error))
  }
}

const refusalOf = (item: QueueItem, error: ApiError): SyncAnswer => ({
  items: [{ client_uuid: item.client_uuid, result: 'refused', message: error.message }],
})

/** A pass says its code itself, under its signature. */
function bodyOf(item: QueueItem): object {
  const { label: _label, state: _state, message: _message, code, ...body } = item
  return body.pass ? body : { ...body, code }
}

/** Whether at least one waiting item became final. */
function settle(owner: number, centre: string, answer: SyncAnswer): boolean {
  const told = new Map(answer.items.map((one) => [one.client_uuid, one]))
  let settled = false
  const items = queueOf(owner, centre).map((item) => {
    const found = told.get(item.client_uuid)
    if (!found || item.state !== 'waiting' || !FINAL.includes(found.result as ItemState)) return item
    settled = true
    return { ...item, state: found.result as ItemState, message: found.message }
  })
  return store(owner, centre, items) && settled
}
