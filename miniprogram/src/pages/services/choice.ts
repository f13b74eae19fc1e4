import type { Service, Slot } from '@/api/types'
import { partOfDay } from '@/time'

/** The lengths one may choose, shortest first. */
export function durations(service: Service): number[] {
  const step = Math.max(service.step_minutes, 5)
  const lengths = new Set<number>()
  for (let minutes = service.min_minutes; minutes <= service.max_minutes; minutes += step) lengths.add(minutes)
  if (service.slot_minutes >= service.min_minutes && service.slot_minutes <= service.max_minutes) {
    lengths.add(service.slot_minutes)
  }
  return [...lengths].sort((a, b) => a - b)
}

export interface SlotGroup {
  name: string
  slots: Slot[]
}

/** The day's starts by part of the day; those already past are left out, full ones stay and say so. */
export function groupSlots(slots: Slot[], now: number): SlotGroup[] {
  const groups: SlotGroup[] = []
  for (const slot of slots) {
    if (Date.parse(slot.start) < now && slot.free <= 0) continue
    const name = partOfDay(slot.start)
    const last = groups[groups.length - 1]
    if (last?.name === name) last.slots.push(slot)
    else groups.push({ name, slots: [slot] })
  }
  return groups
}

export const hasRoom = (slot: Slot, need: number): boolean => slot.free >= need && slot.free > 0

export const sameStart = (slots: Slot[], start: string): Slot | undefined =>
  start ? slots.find((slot) => Date.parse(slot.start) === Date.parse(start)) : undefined

/** What is chosen without a tap: the wish that was brought along, else the first start with a place. */
export function defaultSlot(slots: Slot[], wanted: string, need = 1): Slot | null {
  return sameStart(slots, wanted) ?? slots.find((slot) => hasRoom(slot, need)) ?? null
}

/** How many may come on one booking: seats of a pool, heads in a room; elsewhere each books for themselves. */
export const mostTogether = (service: Service): number => Math.max(service.max_party, 1)
