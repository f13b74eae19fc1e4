import { computed, reactive, ref } from 'vue'
import * as api from '@/api/booking'
import type { Availability, MonthDay, Service, Slot, Span, Zone } from '@/api/types'
import { useLoad } from '@/state/load'
import { dateOf, todayIn } from '@/time'
import { defaultSlot, durations, hasRoom } from './choice'
import { stripCells, stripRequests } from './strip'

/**
 * Choosing a time of a service: month strip, grid of a day, length, zone and how many come. Booking and moving a
 * booking choose alike; what is done with the chosen start is the page's.
 */
export function useTimes() {
  const wish = reactive({
    code: '',
    date: todayIn(Date.now()),
    minutes: 0,
    party: 1,
    zone: '' as Zone | '',
    /** 无障碍: only accessible units are counted and given. */
    accessible: false,
    /** The start that was asked for; it is chosen again after every reading. */
    start: '',
  })
  const chosen = ref<Slot | null>(null)
  const alternatives = ref<Span[]>([])
  const zoneOrNone = () => wish.zone || undefined

  const service = useLoad<Service>(() => api.service(wish.code))
  const facts = computed(() => service.state.data)
  const windowDays = () => facts.value?.window_days ?? 14
  const strip = useLoad<MonthDay[]>(async () => {
    const requests = stripRequests(todayIn(Date.now()), windowDays())
    const months = await Promise.all(requests.map(({ from, days }) => api.month(wish.code, from, days, zoneOrNone(), undefined, wish.accessible)))
    return months.flatMap((month) => month.days)
  })
  const day = useLoad<Availability>(() => api.availability(wish.code, wish.date, wish.minutes || undefined, zoneOrNone(), wish.accessible))

  const cells = computed(() => stripCells(strip.state.data ?? [], todayIn(Date.now()), windowDays()))
  const cell = computed(() => cells.value.find((one) => one.date === wish.date))
  const lengths = computed(() => (facts.value ? durations(facts.value) : []))
  const slots = computed(() => day.state.data?.slots ?? [])
  const anyFree = computed(() => slots.value.some((slot) => hasRoom(slot, wish.party)))

  async function loadDay(): Promise<void> {
    await day.load()
    chosen.value = defaultSlot(slots.value, wish.start, wish.party)
  }

  async function load(): Promise<void> {
    await service.load()
    if (!facts.value) return
    if (!lengths.value.includes(wish.minutes)) wish.minutes = facts.value.slot_minutes
    await Promise.all([strip.load(), loadDay()])
  }

  const reload = () => Promise.all([strip.load(), loadDay()])

  function chooseDate(date: string): void {
    if (date === wish.date) return
    Object.assign(wish, { date, start: '' })
    alternatives.value = []
    day.clear()
    void loadDay()
  }

  function chooseSlot(slot: Slot): void {
    chosen.value = slot
    wish.start = slot.start
  }

  function chooseLength(minutes: number): void {
    wish.minutes = minutes
    void loadDay()
  }

  function chooseZone(zone: Zone): void {
    wish.zone = zone
    void reload()
  }

  function chooseAccessible(needed: boolean): void {
    wish.accessible = needed
    alternatives.value = []
    void reload()
  }

  function chooseParty(party: number): void {
    wish.party = party
    chosen.value = defaultSlot(slots.value, wish.start, party)
  }

  /** Another start, perhaps on another day. */
  function takeStart(start: string): void {
    alternatives.value = []
    wish.start = start
    wish.date = dateOf(start)
    void loadDay()
  }

  /** The chosen start was just taken: others instead, and the grid as it is now. */
  function wasTaken(others: Span[]): void {
    alternatives.value = others
    chosen.value = null
    void Promise.all([strip.load(), day.load()])
  }

  return {
    wish, chosen, alternatives, service, strip, day, facts, cells, cell, lengths, slots, anyFree,
    load, loadDay, chooseDate, chooseSlot, chooseLength, chooseZone, chooseAccessible, chooseParty, takeStart, wasTaken,
  }
}
