import { describe, expect, test } from 'vitest'
import type { Booking, Service, Slot } from '@/api/types'
import { defaultSlot, durations, groupSlots } from '@/pages/services/choice'
import { nextBooking } from '@/pages/services/ticket'
import { displacedPlaces, dropPass, keepPasses, keptPass, upcomingBookings } from '@/state/passes'
import { phone } from './phone'

const service = (changes: Partial<Service>): Service => ({ min_minutes: 30, max_minutes: 60, step_minutes: 30, slot_minutes: 30, ...changes }) as Service
const slot = (clock: string, free: number): Slot => ({ start: `2026-11-21T${clock}:00+08:00`, end: '', free, capacity: 5 })
const NOW = Date.parse('2026-11-21T19:10:00+08:00')

test('lengths go from the shortest to the longest in steps', () => {
  expect(durations(service({}))).toEqual([30, 60])
  expect(durations(service({ min_minutes: 20, max_minutes: 20, slot_minutes: 20, step_minutes: 20 }))).toEqual([20])
  expect(durations(service({ min_minutes: 240, max_minutes: 720, slot_minutes: 480 }))).toHaveLength(17)
})

test('past starts are left out, full ones stay, the day is cut into its parts', () => {
  const groups = groupSlots([slot('09:00', 0), slot('17:30', 0), slot('19:30', 0), slot('20:00', 2)], NOW)
  expect(groups.map((group) => [group.name, group.slots.length])).toEqual([['晚上', 2]])
})

test('the first free start is chosen, unless a wish was brought along', () => {
  const slots = [slot('19:30', 0), slot('20:00', 2), slot('20:30', 1)]
  expect(defaultSlot(slots, '')!.start).toContain('20:00')
  expect(defaultSlot(slots, '2026-11-21T12:30:00Z')!.start).toContain('20:30')
  expect(defaultSlot([slot('19:30', 0)], '')).toBeNull()
})

const booking = (code: string, start: string, state = 'confirmed'): Booking =>
  ({ code, state, start, end: start.replace(':00+', ':30+'), pass: `LY1.${code}` }) as Booking

describe('the ticket on top', () => {
  test('is the nearest live booking', () => {
    const all = [booking('B', '2026-11-22T08:00:00+08:00'), booking('A', '2026-11-21T21:00:00+08:00'), booking('X', '2026-11-21T20:00:00+08:00', 'cancelled')]
    expect(nextBooking(all, NOW)!.code).toBe('A')
    expect(nextBooking([], NOW)).toBeNull()
  })

  test('is on the phone without a network, a cancelled one is not', async () => {
    keepPasses([booking('A', '2099-11-21T21:00:00+08:00'), booking('X', '2099-11-21T22:00:00+08:00', 'cancelled')], NOW)
    expect((await upcomingBookings()).items.map((kept) => kept.code)).toEqual(['A'])
    phone.answers['GET /bookings'] = { status: 401, data: { code: 'sign_in_required' } }
    await expect(upcomingBookings()).rejects.toMatchObject({ status: 401 })
  })

  test('a place the centre took back is put before its driver until something else is chosen', async () => {
    const far = '2099-11-21T21:00:00+08:00'
    keepPasses([booking('A', far), booking('B', far)], NOW)
    phone.answers['GET /bookings/B'] = { data: booking('B', far, 'displaced') }
    const lost = () => displacedPlaces([booking('A', far)], NOW).then((found) => found.map((one) => one.code))
    expect(await lost()).toEqual(['B'])
    expect(await lost()).toEqual(['B'])
    expect(phone.sent).toHaveLength(1)
    dropPass('B')
    expect(await lost()).toEqual([])
  })

  test('passes stay on the phone for a day after their end', () => {
    keepPasses([booking('A', '2026-11-21T21:00:00+08:00')], NOW)
    expect(keptPass('A')!.pass).toBe('LY1.A')
    keepPasses([], NOW + 30 * 3_600_000)
    expect(keptPass('A')).toBeNull()
  })
})
