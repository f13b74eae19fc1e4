import type { MonthDay } from '@/api/types'
import { addDays, dayLabel, weekdayOf } from '@/time'

/** The month strip: every day one may scroll to, and what to expect there. */
export type DayKind = 'free' | 'full' | 'closed' | 'later' | 'unknown'
export interface DayCell {
  date: string
  name: string
  number: string
  month: string
  word: string
  kind: DayKind
}

const WEEK = 7
const LEAST_DAYS = 28
/** As many days as the server answers in one request. */
export const DAYS_A_REQUEST = 31

/** How many days the strip has: the whole booking window, at least four weeks, whole weeks. */
export const stripLength = (windowDays: number): number => Math.ceil(Math.max(windowDays + 1, LEAST_DAYS) / WEEK) * WEEK

/** The requests that cover the booking window; beyond it nothing has to be asked. */
export function stripRequests(today: string, windowDays: number): { from: string; days: number }[] {
  const requests = []
  for (let at = 0; at <= windowDays; at += DAYS_A_REQUEST) {
    requests.push({ from: addDays(today, at), days: Math.min(DAYS_A_REQUEST, windowDays + 1 - at) })
  }
  return requests
}

function kindOf(day: MonthDay | undefined, date: string, last: string): DayKind {
  if (date > last) return 'later'
  if (!day) return 'unknown'
  if (!day.open) return 'closed'
  return day.free_slots > 0 ? 'free' : 'full'
}

const words: Record<Exclude<DayKind, 'free'>, string> = { full: '已满', closed: '不开放', later: '还没放出', unknown: '' }

export function stripCells(days: MonthDay[], today: string, windowDays: number): DayCell[] {
  const known = new Map(days.map((day) => [day.date, day]))
  const last = addDays(today, windowDays)
  return Array.from({ length: stripLength(windowDays) }, (_, offset) => {
    const date = addDays(today, offset)
    const kind = kindOf(known.get(date), date, last)
    const near = dayLabel(date, today)
    return {
      date,
      name: near.length === 2 ? near : weekdayOf(date),
      number: String(Number(date.slice(8))),
      month: offset === 0 || date.endsWith('-01') ? `${Number(date.slice(5, 7))}月` : '',
      word: kind === 'free' ? `余 ${known.get(date)?.free_slots}` : words[kind],
      kind,
    }
  })
}

/** For the ear. */
export function cellLabel(cell: DayCell): string {
  const word = cell.kind === 'free' ? `${cell.word.slice(2)} 个时间有空位` : cell.word
  return `${cell.name} ${cell.date} ${word}`
}
