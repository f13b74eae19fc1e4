import type { Board, BoardBooking, BoardUnit, Verb } from '@/api/desk'
import { bookingStates, zoneNames } from '@/text'
import { clockOf, dateOf, spanText, untilText } from '@/time'
import type { QueueItem } from './queue'
import { EARLY_MS } from './verify'

export type Line = BoardBooking
export interface Tap {
  verb: Verb
  label: string
  main: boolean
}
export interface Group {
  key: string
  name: string
  lines: Line[]
}

const INSIDE = ['checked_in', 'overstayed']

export const linesOf = (board: Board): Line[] =>
  board.services.flatMap((part) => part.bookings)

/** Those who wait for an answer, those inside, those expected hour by hour, and what is over. */
export function groupsOf(lines: Line[]): Group[] {
  const sorted = [...lines].sort((a, b) => Date.parse(a.start) - Date.parse(b.start) || a.code.localeCompare(b.code))
  const groups: Group[] = [
    { key: 'asked', name: '等您答复', lines: sorted.filter((line) => line.state === 'requested') },
    { key: 'inside', name: '在场', lines: sorted.filter((line) => INSIDE.includes(line.state)) },
  ]
  for (const line of sorted.filter((one) => one.state === 'confirmed')) {
    const hour = line.start.slice(0, 13)
    const name = `${Number(hour.slice(11))} 点`
    const last = groups[groups.length - 1]
    if (last.key === hour) last.lines.push(line)
    else groups.push({ key: hour, name, lines: [line] })
  }
  const over = sorted.filter((line) => !['requested', 'confirmed', ...INSIDE].includes(line.state))
  groups.push({ key: 'over', name: '已结束', lines: over.reverse() })
  return groups.filter((group) => group.lines.length)
}

export function undoMinutes(line: Line, now: number): number {
  if (!line.undo_until) return 0
  return Math.max(0, Math.ceil((Date.parse(line.undo_until) - now) / 60_000))
}

/** What can be done with one tap now; the first is the main one. */
export function tapsOf(line: Line, now: number): Tap[] {
  const taps: Tap[] = []
  if (line.state === 'requested') {
    taps.push({ verb: 'confirm', label: '同意', main: true }, { verb: 'refuse', label: '婉拒', main: false })
  }
  if (line.state === 'confirmed') {
    if (now >= Date.parse(line.start) - EARLY_MS) taps.push({ verb: 'check-in', label: '到店', main: true })
    if (now >= Date.parse(line.grace_until)) taps.push({ verb: 'no-show', label: '没来', main: false })
  }
  if (INSIDE.includes(line.state)) taps.push({ verb: 'complete', label: '离店', main: true })
  const left = undoMinutes(line, now)
  if (left) taps.push({ verb: 'undo', label: `撤销 · ${left} 分`, main: false })
  return taps
}

/** More that can be done, behind the row. */
export function moreOf(line: Line, now: number): Verb[] {
  const more: Verb[] = []
  if (line.state === 'confirmed' && !line.late_minutes && now < Date.parse(line.grace_until)) more.push('late')
  if (line.unit && (line.state === 'confirmed' || INSIDE.includes(line.state))) more.push('unit')
  if (INSIDE.includes(line.state)) more.push('extend')
  return more
}

/** State in words, with what waits in this device's queue. */
export function stateOf(line: Line, items: QueueItem[], now: number): { word: string; mark: string } {
  const noted = items.find((item) => item.code === line.code && item.state === 'waiting')
  if (noted) return { word: noted.kind === 'complete' ? '已离店，等待上传' : '已到店，等待上传', mark: 'word-warn' }
  if (line.state === 'overstayed') return { word: '超时', mark: 'word-stop' }
  if (line.state === 'checked_in') return { word: '在场', mark: 'word-ok' }
  if (line.state === 'no_show') return { word: '没来', mark: 'word-stop' }
  if (line.state === 'confirmed') {
    const late = now >= Date.parse(line.start)
    return late ? { word: `留到 ${clockOf(line.grace_until)}`, mark: 'word-warn' } : { word: '待到', mark: '' }
  }
  return { word: bookingStates[line.state] ?? line.state, mark: line.state === 'requested' ? 'word-warn' : '' }
}

export function aboutOf(line: Line): string {
  return [
    line.service.name,
    line.unit,
    line.zone && zoneNames[line.zone] && !line.unit ? zoneNames[line.zone] : '',
    line.plate_tail ? `车牌尾 ${line.plate_tail}` : '',
    line.party_size > 1 ? `${line.party_size} 人` : '',
    line.source === 'walkin' ? '现场' : '',
    line.late_minutes ? `说了晚到 ${line.late_minutes} 分` : '',
  ]
    .filter(Boolean)
    .join(' · ')
}

export const spanOf = (line: { start: string; end: string; is_overnight_from_yesterday?: boolean }): string =>
  `${line.is_overnight_from_yesterday ? '昨晚 ' : ''}${spanText(line.start, line.end)}`

export interface UnitNow {
  unit: BoardUnit
  guest: Line | null
  next: Line | null
  word: string
  mark: string
  text: string
}

const UNIT_WORDS: Record<string, string> = { broken: '坏了', cleaning: '清洁中', closed: '停用' }

/** A numbered place as it is now: who is in it, who comes next, until when it is free. */
export function unitNow(unit: BoardUnit, lines: Line[], now: number): UnitNow {
  const mine = lines.filter((line) => line.unit === unit.no)
  const guest = mine.find((line) => INSIDE.includes(line.state)) ?? null
  const next = mine.filter((line) => line.state === 'confirmed').sort((a, b) => Date.parse(a.start) - Date.parse(b.start))[0] ?? null
  if (unit.state !== 'ok') {
    const until = unit.closure?.until ? `到 ${clockOf(unit.closure.until)}` : '到重开为止'
    return { unit, guest, next, word: UNIT_WORDS[unit.state] ?? unit.state, mark: 'word-stop', text: `${unit.closure?.reason ?? ''} ${until}`.trim() }
  }
  if (guest) {
    const over = guest.state === 'overstayed'
    return { unit, guest, next, word: over ? '超时' : '在用', mark: over ? 'word-stop' : 'word-warn', text: `${guest.who} 到 ${clockOf(guest.end)}` }
  }
  if (next && Date.parse(next.start) <= now) {
    return { unit, guest, next, word: '留着', mark: 'word-warn', text: `${next.who} 留到 ${clockOf(next.grace_until)}` }
  }
  const text = next ? `${next.who} ${clockOf(next.start)} 来，${untilText(next.start, now)}` : '后面没有预约'
  return { unit, guest, next, word: '空', mark: 'word-ok', text }
}

/** 今天 20:00 reads 20:00, another day 11月25日 20:00. */
export const whenText = (iso: string, today: string): string =>
  dateOf(iso) === today ? clockOf(iso) : `${Number(iso.slice(5, 7))}月${Number(iso.slice(8, 10))}日 ${clockOf(iso)}`
