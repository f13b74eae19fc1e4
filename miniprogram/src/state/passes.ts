import { booking, myBookings } from '@/api/booking'
import { ApiError } from '@/api/errors'
import type { BookingView, Page } from '@/api/types'
import { read, write } from './storage'

/** Passes kept on the phone, so that the door opens without a signal. */
type Passes = Record<string, BookingView>
const KEEP_AFTER_END_MS = 24 * 3_600_000

export function keepPasses(bookings: BookingView[], now: number): void {
  const kept = read<Passes>('passes') ?? {}
  // a place taken back stays only where it was counted on: see `dropPass`
  for (const one of bookings) if (one.pass && (one.state !== 'displaced' || kept[one.code])) kept[one.code] = one
  for (const code of Object.keys(kept)) {
    if (Date.parse(kept[code].end) + KEEP_AFTER_END_MS < now) delete kept[code]
  }
  write('passes', kept)
}

export const keptPass = (code: string): BookingView | null => read<Passes>('passes')?.[code] ?? null

const LIVE = ['requested', 'confirmed', 'checked_in', 'overstayed']

/** One's bookings to come; without a network those whose passes are on the phone. */
export async function upcomingBookings(): Promise<Page<BookingView>> {
  try {
    const page = await myBookings('upcoming')
    keepPasses(page.items, Date.now())
    return page
  } catch (error) {
    if (!(error instanceof ApiError) || !error.offline) throw error
    const items = Object.values(read<Passes>('passes') ?? {}).filter(
      (booking) => LIVE.includes(booking.state) && Date.parse(booking.end) > Date.now(),
    )
    return { items, total: items.length, page: 1, per_page: items.length }
  }
}

/** What one still counted on, and the centre had to take back: kept here as a place, no longer among those to come. */
export async function displacedPlaces(upcoming: BookingView[], now: number): Promise<BookingView[]> {
  const known = new Set(upcoming.map((one) => one.code))
  const counted = Object.values(read<Passes>('passes') ?? {}).filter(
    (kept) => Date.parse(kept.end) > now && !known.has(kept.code) && [...LIVE, 'displaced'].includes(kept.state),
  )
  const fresh = await Promise.all(counted.map((kept) => (kept.state === 'displaced' ? kept : booking(kept.code))))
  keepPasses(fresh, now)
  return fresh.filter((one) => one.state === 'displaced')
}

/** Chosen something else instead: the lost place is no longer put before them. */
export function dropPass(code: string): void {
  const kept = read<Passes>('passes') ?? {}
  delete kept[code]
  write('passes', kept)
}
