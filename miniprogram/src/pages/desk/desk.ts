import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { computed, reactive, watch } from 'vue'
import { centres } from '@/api/booking'
import { deviceId } from '@/api/client'
import * as api from '@/api/desk'
import { ApiError } from '@/api/errors'
import type { Named } from '@/api/types'
import { newUuid } from '@/ids'
import { net } from '@/state/net'
import { refreshPerson, session } from '@/state/session'
import { read, write } from '@/state/storage'
import { localAt } from '@/time'
import { attendantNow, keepAttendant } from './attendant'
import { enqueue, notedArrival, queueOf, syncQueue, troubledIn, unsent, waitingCentres, waitingIn, type QueueItem } from './queue'

const RETRY_MS = 15_000
const STAFF = ['centre_staff', 'district_admin']

interface KeptPack {
  pack: api.OfflinePack
  /** Server time minus the device's clock when the pack was taken. */
  skew: number
  at: number
}

/** The desk on this device: which centre, who stands there, what waits for the network. */
export const desk = reactive({
  centre: null as Named | null,
  attendant: '',
  items: [] as QueueItem[],
  syncing: false,
  syncNote: '',
})

export const isStaff = computed(() => Boolean(session.person?.roles.some((role) => STAFF.includes(role.role))))
const owner = (): number | null => session.person?.id ?? null
export const waiting = computed(() => waitingIn(desk.items))
export const troubled = computed(() => troubledIn(desk.items))

/** The centres whose desk this person runs; whose grant reaches further sees them all. */
export async function myCentres(): Promise<Named[]> {
  if (session.token && !session.person) await refreshPerson()
  if (!session.token) throw new ApiError(401, 'sign_in_required', '值班员登录后可以看到')
  const grants = (session.person?.roles ?? []).filter((role) => STAFF.includes(role.role))
  if (!grants.length) throw new ApiError(403, 'not_allowed', '值班台给中心的值班员用。要加入，请区管理员给您开通。')
  const all = (await centres()).items.map(({ code, name }) => ({ code, name }))
  if (grants.some((grant) => grant.scope_kind !== 'centre')) return all
  const codes = grants.map((grant) => grant.scope_code)
  return all.filter((centre) => codes.includes(centre.code))
}

/** The centre used last on this device, if it is still one of theirs; else the first. */
export function adoptCentre(mine: Named[], wanted = ''): void {
  const last = wanted || read<Named>('page:desk:centre')?.code
  chooseCentre(mine.find((centre) => centre.code === last) ?? mine[0] ?? null)
}

export function chooseCentre(centre: Named | null): void {
  desk.centre = centre
  if (centre) write('page:desk:centre', centre)
  if (attendantNow() && attendantNow()?.centre !== centre?.code) keepAttendant(null)
  refreshDesk()
}

/** Reads again what lies in storage: another tab may have written it. */
export function refreshDesk(): void {
  desk.centre = desk.centre ?? read<Named>('page:desk:centre')
  desk.attendant = attendantNow()?.name ?? ''
  const mine = owner()
  desk.items = mine && desk.centre ? queueOf(mine, desk.centre.code) : []
}

/** For the pages behind the board: the centre, also when opened by their address alone. */
export async function deskCentre(): Promise<string> {
  if (session.token && !session.person) await refreshPerson()
  refreshDesk()
  if (!desk.centre) adoptCentre(await myCentres())
  if (!desk.centre) throw new ApiError(403, 'not_allowed', '您还没有值班的中心。')
  return desk.centre.code
}

const packKey = (centre: string): string => `page:desk:pack:${centre}`
export const keptPack = (centre: string): KeptPack | null => read<KeptPack>(packKey(centre))

/** Keys and the names of the day, taken at every visit so that the door can be kept without a network. */
export async function takePack(centre: string): Promise<void> {
  const pack = await api.offlinePack(centre)
  write(packKey(centre), { pack, skew: Date.parse(pack.at) - Date.now(), at: Date.now() })
}

/** Now, by the server's clock as far as the device knows it. */
export const deskNow = (): number => Date.now() + (desk.centre ? (keptPack(desk.centre.code)?.skew ?? 0) : 0)

export type Noted = 'noted' | 'already' | 'not_kept'
type Wish = Omit<QueueItem, 'client_uuid' | 'at' | 'state' | 'message'>

/** Keep what happened at the desk until the network is back; said only after it lies in storage. */
export function note(wish: Wish, key: string = newUuid()): Noted {
  const mine = owner()
  if (!mine || !desk.centre) return 'not_kept'
  const items = queueOf(mine, desk.centre.code)
  if (wish.kind === 'arrival' && wish.code && notedArrival(items, wish.code)) return 'already'
  const now = deskNow()
  const at = `${localAt(now)}+08:00`
  const kept = enqueue(mine, desk.centre.code, { ...wish, client_uuid: key, at }, now)
  refreshDesk()
  return kept ? 'noted' : 'not_kept'
}

let running: Promise<void> | null = null

export function syncNow(): Promise<void> {
  running = running ?? upload().finally(() => (running = null))
  return running
}

/** Whatever this account noted goes up, also what it noted at another centre. */
async function upload(): Promise<void> {
  const mine = owner()
  if (!mine || !session.token) return
  const centres = new Set(waitingCentres(mine))
  if (desk.centre && waiting.value.length) centres.add(desk.centre.code)
  if (!centres.size) return
  desk.syncing = true
  try {
    for (const centre of centres) {
      desk.syncNote = await syncQueue(mine, centre, (items) => api.sync(centre, deviceId(), items))
    }
  } finally {
    desk.syncing = false
    refreshDesk()
  }
}

/** While a page of the desk is in front, what waits goes up as soon as there is a network. */
export function useSync(done?: () => void): void {
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  const run = () => {
    refreshDesk()
    const mine = owner()
    const before = mine ? unsent(mine).mine : 0
    void syncNow().then(() => {
      refreshDesk()
      if (mine && before && unsent(mine).mine < before) done?.()
    })
  }
  onShow(() => {
    run()
    stop()
    timer = setInterval(run, RETRY_MS)
  })
  onHide(() => stop())
  onUnload(() => stop())
  watch(() => net.online, (online) => online && run())
}
