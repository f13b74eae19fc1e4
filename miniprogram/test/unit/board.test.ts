import { describe, expect, test } from 'vitest'
import type { BoardBooking, BoardUnit } from '@/api/desk'
import { groupsOf, moreOf, stateOf, tapsOf, unitNow, type Line } from '@/pages/desk/board'
import { endOf, hoursOf, hoursText, tidyClock } from '@/pages/desk/when'

const NOW = Date.parse('2026-11-21T20:00:00+08:00')
const at = (minutes: number): string => new Date(NOW + minutes * 60_000 + 8 * 3_600_000).toISOString().replace('.000Z', '+08:00')
const line = (changes: Partial<BoardBooking>): Line => ({
  code: 'K7M2QX4P', state: 'confirmed', who: '林师傅', plate_tail: null, unit: 'S1', zone: 'male', start: at(60), end: at(90),
  grace_until: at(75), party_size: 1, source: 'app', is_overnight_from_yesterday: false, undo_until: null, late_minutes: 0, kind: 'unit',
  service: { code: 'C.shower', name: '冲凉', kind: 'unit' }, ...changes,
})
const verbs = (changes: Partial<BoardBooking>) => tapsOf(line(changes), NOW).map((tap) => tap.verb)

describe('what one tap can do now', () => {
  test('let in from half an hour before, say no-show only after the time kept', () => {
    expect(verbs({ start: at(31) })).toEqual([])
    expect(verbs({ start: at(30) })).toEqual(['check-in'])
    expect(verbs({ start: at(-20), grace_until: at(0) })).toEqual(['check-in', 'no-show'])
  })

  test('close a stay, answer a request, take a step back for a quarter of an hour', () => {
    expect(verbs({ state: 'checked_in', undo_until: at(5) })).toEqual(['complete', 'undo'])
    expect(verbs({ state: 'overstayed' })).toEqual(['complete'])
    expect(verbs({ state: 'requested' })).toEqual(['confirm', 'refuse'])
    expect(verbs({ state: 'no_show', undo_until: at(0) })).toEqual([])
    expect(tapsOf(line({ state: 'completed', undo_until: at(4.2) }), NOW)[0].label).toBe('撤销 · 5 分')
  })

  test('behind the row: another place, longer, coming late once', () => {
    const more = (changes: Partial<BoardBooking>) => moreOf(line(changes), NOW)
    expect(more({ state: 'checked_in' })).toEqual(['unit', 'extend'])
    expect(more({ state: 'checked_in', unit: null })).toEqual(['extend'])
    expect(more({})).toEqual(['late', 'unit'])
    expect([more({ late_minutes: 30 }), more({ grace_until: at(0) })]).toEqual([['unit'], ['unit']])
    expect(more({ state: 'completed' })).toEqual([])
  })
})

describe('the board', () => {
  test('shows who waits for an answer, who is inside, then hour by hour, then what is over', () => {
    const groups = groupsOf([
      line({ code: 'A', start: at(70) }),
      line({ code: 'B', start: at(5) }),
      line({ code: 'C', state: 'completed', start: at(-100) }),
      line({ code: 'D', state: 'overstayed', start: at(-600) }),
      line({ code: 'E', state: 'requested', start: at(300) }),
      line({ code: 'F', start: at(61) }),
    ])
    expect(groups.map((group) => [group.name, group.lines.map((one) => one.code)])).toEqual([
      ['等您答复', ['E']], ['在场', ['D']], ['20 点', ['B']], ['21 点', ['F', 'A']], ['已结束', ['C']],
    ])
  })

  test('what lies in the queue is said as waiting, never as done', () => {
    const item = { client_uuid: 'u', kind: 'arrival' as const, at: at(0), code: 'K7M2QX4P', label: '', state: 'waiting' as const, message: '' }
    expect(stateOf(line({}), [item], NOW).word).toBe('已到店，等待上传')
    expect(stateOf(line({}), [{ ...item, kind: 'complete' }], NOW).word).toBe('已离店，等待上传')
    expect(stateOf(line({}), [{ ...item, state: 'admitted' }], NOW).word).toBe('待到')
  })

  test('a place is free, kept for someone late, in use, overstayed or out of order', () => {
    const unit = (changes: Partial<BoardUnit> = {}): BoardUnit => ({ no: 'S1', zone: 'male', accessible: false, state: 'ok', closure: null, free_until: null, ...changes })
    const words = (lines: Line[], changes: Partial<BoardUnit> = {}) => {
      const { word, text } = unitNow(unit(changes), lines, NOW)
      return [word, text]
    }
    expect(words([])).toEqual(['空', '后面没有预约'])
    expect(words([line({})])).toEqual(['空', '林师傅 21:00 来，还有 1 小时'])
    expect(words([line({ start: at(-5), grace_until: at(10) })])).toEqual(['留着', '林师傅 留到 20:10'])
    expect(words([line({ state: 'checked_in', end: at(20) })])).toEqual(['在用', '林师傅 到 20:20'])
    expect(words([line({ state: 'overstayed', end: at(-20) })])[0]).toBe('超时')
    const closure = { id: 1, kind: 'broken' as const, reason: '漏水', until: null }
    expect(words([], { state: 'broken', closure })).toEqual(['坏了', '漏水 到重开为止'])
  })
})

describe('times typed by hurried fingers', () => {
  test('are read where they can be meant in one way only', () => {
    expect([tidyClock('9:05'), tidyClock('1830'), tidyClock('18：30'), tidyClock('soon')]).toEqual(['09:05', '18:30', '18:30', 'soon'])
    expect(hoursOf('9:00-18:00')).toBe('09:00-18:00')
    expect(hoursOf('09:00—12:00，14:00至18:00')).toEqual(['09:00-12:00', '14:00-18:00'])
    expect([hoursOf('休息'), hoursOf('全天'), hoursOf('9点'), hoursOf(''), hoursOf('25:00-26:00')]).toEqual([null, '00:00-24:00', undefined, undefined, undefined])
    expect(hoursText({ workday: '09:00-18:00', restday: null })).toBe('工作日 09:00–18:00；休息日 休息')
  })

  test('an end is some minutes on, midnight, or open', () => {
    expect(endOf('90', '2026-11-21T23:00:00+08:00')).toBe('2026-11-22T00:30:00+08:00')
    expect(endOf('day', '2026-12-31T23:00:00+08:00')).toBe('2027-01-01T00:00:00+08:00')
    expect(endOf('open', '2026-11-21T23:00:00+08:00')).toBeUndefined()
  })
})
