import { myBookings } from '@/api/booking'
import { ApiError } from '@/api/errors'
import type { BookingView, Page } from '@/api/types'
import { read, write } from './storage'

/** Passes kept on the phone, so that the door opens without a signal. */
type Passes = Record<string, BookingView>
const KEEP_AFTER_END_MS = 24 * 3_600_000

export function keepPasses(bookings: BookingView[], now: number): void {
  const kept = read<Passes>('passes') ?? {}
  for (const booking of bookings) if (booking.pass) kept[booking.code] = booking
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
