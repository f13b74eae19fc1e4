import { describe, expect, test } from 'vitest'
import type { BookingEvent, BookingView, LateChoice, Mark, Marks, MonthDay, Notice, Service, Slot } from '@/api/types'
import { eventBy, eventText } from '@/pages/bookings/history'
import { cancelSentence, choiceText, extendSteps, isToBeChosen, lateChoices, lateDone, lateSentence, lateSteps, nothingChosen } from '@/pages/bookings/late'
import { contestText, countText, markText, sumText } from '@/pages/me/standing'
import { defaultSlot, hasRoom, mostTogether } from '@/pages/services/choice'
import { distanceText, nearOf } from '@/pages/services/distance'
import { closedLines, noticeTime } from '@/pages/services/notices'
import { cellLabel, stripCells, stripLength, stripRequests } from '@/pages/services/strip'

const NOW = Date.parse('2026-11-21T19:10:00+08:00')
const booking = (changes: Partial<BookingView> = {}): BookingView =>
  ({
    code: 'K7M2QX4P', state: 'confirmed', unit: 'S2', start: '2026-11-21T20:00:00+08:00', end: '2026-11-21T20:30:00+08:00',
    grace_until: '2026-11-21T20:15:00+08:00', late_cancel: false, ...changes,
  }) as BookingView

describe('coming late', () => {
  test('what was said but not chosen stays open, until it is chosen', () => {
    const said = (...reasons: string[]) => ({ ...booking(), events: reasons.map((reason) => ({ reason })) }) as never
    expect([isToBeChosen(said('late:40:rest')), isToBeChosen(said('late:40:rest', 'late:40')), isToBeChosen(said())]).toEqual([true, false, false])
    expect(nothingChosen({ kept_until: '2026-11-21T20:55:00+08:00' }, booking(), NOW)).toBe('什么都不选，位子为您留到 今天 20:55，用到原来的 20:30。')
  })

  test('the taps end where the server’s do', () => {
    expect(lateSteps(90)).toEqual([10, 20, 30, 45, 60, 90])
    expect(lateSteps(40)).toEqual([10, 20, 30])
  })

  test('it says what will happen before, and what happened after', () => {
    expect(lateSentence(booking(), 45, NOW)).toBe('位子为您留到 今天 21:00；后面没有人约，就用到 21:15。')
    const after = booking({ unit: 'S3', grace_until: '2026-11-21T21:00:00+08:00', end: '2026-11-21T21:15:00+08:00' })
    expect(lateDone(booking(), after, NOW)).toBe('中心知道了。换到 S3，位子为您留到 今天 21:00，用到 21:15。')
  })

  test('each choice of a conflict is one sentence, an empty one is left out', () => {
    const choices: LateChoice[] = [
      { choice: 'other_unit', unit: 'S3', end: '2026-11-21T21:15:00+08:00' },
      { choice: 'shorten', end: '2026-11-21T20:50:00+08:00', minutes: 20 },
      { choice: 'later', alternatives: [] },
    ]
    expect(lateChoices({ choices }).map((choice) => choiceText(choice, booking()))).toEqual(['换到 S3，用到 21:15', '还用 S2，到 20:50 为止（20 分钟）'])
    expect(lateChoices({})).toEqual([])
  })
})

test('extending goes in steps as far as the longest stay', () => {
  expect(extendSteps(30, 30, 120)).toEqual([30, 60, 90])
  expect(extendSteps(30, 60, 60)).toEqual([])
})

test('cancelling says when it counts, and that half a mark is no punishment', () => {
  expect(cancelSentence(booking(), NOW)).toBe('19:50 前取消什么都不记。')
  expect(cancelSentence(booking({ late_cancel: true }), NOW)).toContain('不是处罚')
  expect(cancelSentence(booking({ state: 'requested' }), NOW)).toContain('不记什么')
})

describe('the history', () => {
  const event = (changes: Partial<BookingEvent>): BookingEvent => ({ seq: 1, at: '', from: 'confirmed', to: 'confirmed', reason: null, by: 'me', ...changes })
  test('names who and what in words, never a code', () => {
    expect(eventText(event({ from: null, to: 'confirmed' }))).toBe('约好了')
    expect(eventText(event({ reason: 'late:40' }))).toBe('说了晚到 40 分钟')
    expect(eventText(event({ reason: 'late:40:rest' }))).toBe('说了晚到 40 分钟，先留着剩下的时间')
    expect(eventText(event({ reason: 'extend:30' }))).toBe('延长 30 分钟')
    expect(eventText(event({ reason: 'unit:S3' }))).toBe('换到 S3')
    expect(eventText(event({ from: 'checked_in', to: 'confirmed', reason: 'undo' }))).toBe('改回“已约好”')
    expect(eventText(event({ to: 'cancelled', reason: 'by_centre' }))).toBe('取消了（因为中心）')
    expect(eventText(event({ to: 'displaced', reason: 'broken:12' }))).toBe('位子用不了了（因为设施故障）')
    expect(eventText(event({ from: null, reason: 'moved' }))).toBe('约好了（从原来的时间改过来）')
    expect(eventText(event({ to: 'no_show', reason: 'not_known_here' }))).toBe('过了保留时间没有到')
    expect(['me', 'staff', 'system'].map((by) => eventBy(event({ by: by as 'me' })))).toEqual(['您', '工作人员', '系统'])
  })
})

describe('the month strip', () => {
  const days: MonthDay[] = [
    { date: '2026-11-29', free_slots: 3, open: true },
    { date: '2026-11-30', free_slots: 0, open: true },
    { date: '2026-12-01', free_slots: 0, open: false },
  ]
  test('is whole weeks, at least four, and asks only within the booking window', () => {
    expect([stripLength(14), stripLength(40)]).toEqual([28, 42])
    expect(stripRequests('2026-11-21', 14)).toEqual([{ from: '2026-11-21', days: 15 }])
    expect(stripRequests('2026-11-21', 40)).toEqual([{ from: '2026-11-21', days: 31 }, { from: '2026-12-22', days: 10 }])
  })

  test('says free, full, closed and not yet', () => {
    const cells = stripCells(days, '2026-11-29', 14)
    expect(cells.slice(0, 4).map((cell) => [cell.name, cell.month, cell.word, cell.kind])).toEqual([
      ['今天', '11月', '余 3', 'free'],
      ['明天', '', '已满', 'full'],
      ['后天', '12月', '不开放', 'closed'],
      ['周三', '', '', 'unknown'],
    ])
    expect(cells[15].kind).toBe('later')
    expect(cellLabel(cells[0])).toBe('今天 2026-11-29 3 个时间有空位')
  })
})

describe('coming together', () => {
  const service = (changes: Partial<Service>): Service => ({ kind: 'pool', capacity: 8, ...changes }) as Service
  const slot = (clock: string, free: number): Slot => ({ start: `2026-11-21T${clock}:00+08:00`, end: '', free, capacity: 5 })
  test('a start has room only for as many as come', () => {
    expect(defaultSlot([slot('20:00', 1), slot('20:30', 3)], '', 2)!.start).toContain('20:30')
    expect([hasRoom(slot('20:00', 1), 2), hasRoom(slot('20:00', 0), 0)]).toEqual([false, false])
  })

  test('seats of a pool and heads in a room, one of a unit', () => {
    expect([mostTogether(service({ max_party: 4 })), mostTogether(service({ kind: 'unit', max_party: 1 }))]).toEqual([4, 1])
  })
})

test('a notice says from when and until when', () => {
  const notice = (from: string, until: string | null) => ({ from, until }) as Notice
  expect(noticeTime(notice('2026-11-21T18:00:00+08:00', '2026-11-21T22:00:00+08:00'), NOW)).toBe('到 今天 22:00')
  expect(noticeTime(notice('2026-11-22T08:00:00+08:00', '2026-11-22T12:00:00+08:00'), NOW)).toBe('明天 08:00 起，到 明天 12:00')
  expect(noticeTime(notice('2026-11-21T18:00:00+08:00', null), NOW)).toBe('')
})

test('a closure says from when, until when and why', () => {
  const closed = (from: string, until: string | null, reason = '检修') => ({ closed: [{ from, until, reason }] }) as unknown as Service
  expect(closedLines(closed('2026-11-22T09:00:00+08:00', '2026-11-22T12:00:00+08:00'), NOW)).toEqual(['明天 09:00 起停用，到 明天 12:00（检修）。别的时间照常约。'])
  expect(closedLines(closed('2026-11-21T09:00:00+08:00', null, ''), NOW)).toEqual(['现在停用，恢复时间还没定。别的时间照常约。'])
})

test('the position is rounded to some ten metres', () => {
  expect(nearOf({ latitude: 22.571234567, longitude: 114.2765432 })).toBe('22.5712,114.2765')
  expect([distanceText(593.4), distanceText(12_340), distanceText(null)]).toEqual(['593 米', '12.3 公里', ''])
})

describe('marks', () => {
  const mark = (changes: Partial<Mark> = {}): Mark =>
    ({ id: 1, kind: 'no_show', counts: 1, expires_at: '2026-12-18T19:00:00+08:00', waived_at: null, waive_reason: null, contested_at: null, can_contest: true, ...changes }) as Mark
  const marks = (changes: Partial<Marks>): Marks => ({ items: [], sum: 0, limit: 3, restricted_until: null, ...changes })
  test('say how much, until when, and whether they were waived', () => {
    expect(markText(mark())).toBe('记 1 次，12月18日 自动消掉')
    expect(markText(mark({ counts: 0.5 }))).toBe('记半次，12月18日 自动消掉')
    expect(markText(mark({ waived_at: 'x', waive_reason: '港口拥堵' }))).toBe('已免记：港口拥堵')
    expect(contestText(mark({ contested_at: 'x', decided_at: 'y', keep_reason: '当天没有拥堵' }))).toBe('中心看过了，还是记着：当天没有拥堵')
    expect(contestText(mark({ contested_at: 'x', can_contest: false }))).toContain('中心会看')
    expect([countText(0.5), countText(1.5)]).toEqual(['半次', '1.5 次'])
  })

  test('the sum says what it means, without a threat', () => {
    expect(sumText(marks({}), NOW)).toContain('没有记着的')
    expect(sumText(marks({ sum: 1.5 }), NOW)).toContain('30 天内满 3 次')
    expect(sumText(marks({ sum: 3, restricted_until: '2026-11-28T19:00:00+08:00' }), NOW)).toContain('过夜休息照常约')
  })
})
