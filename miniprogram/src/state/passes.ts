import type { Booking } from '@/api/types'
import { read, write } from './storage'

/** Passes kept on the phone, so that the door opens without a signal. */
type Passes = Record<string, Booking>
const KEEP_AFTER_END_MS = 24 * 3_600_000

export function keepPasses(bookings: Booking[], now: number): void {
  const kept = read<Passes>('passes') ?? {}
  for (const booking of bookings) if (booking.pass) kept[booking.code] = booking
  for (const code of Object.keys(kept)) {
    if (Date.parse(kept[code].end) + KEEP_AFTER_END_MS < now) delete kept[code]
  }
  write('passes', kept)
}

export const keptPass = (code: string): Booking | null => read<Passes>('passes')?.[code] ?? null
