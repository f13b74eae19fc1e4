import type { BookingView } from '@/api/types'

/** The booking to show on top: in use, or the nearest still to come. */
export function nextBooking(bookings: BookingView[], now: number): BookingView | null {
  const live = bookings.filter(
    (b) => ['confirmed', 'requested', 'checked_in'].includes(b.state) && Date.parse(b.end) > now,
  )
  live.sort((a, b) => Date.parse(a.start) - Date.parse(b.start))
  return live[0] ?? null
}
