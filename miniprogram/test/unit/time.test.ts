import { describe, expect, test } from 'vitest'
import { addDays, clockOf, dayLabel, dayOf, localAt, minutesText, partOfDay, plusMinutes, spanText, todayIn, untilText } from '@/time'

const NOW = Date.parse('2026-11-21T12:00:00Z') // 20:00 in the district

describe('times as the server wrote them', () => {
  test('are not converted to the phone’s zone', () => {
    expect(clockOf('2026-11-21T20:30:00+08:00')).toBe('20:30')
    expect(clockOf('2026-11-21T20:30:00+06:00')).toBe('20:30')
  })

  test('an instant without a place is shown on the district’s clock', () => {
    expect(clockOf('2026-11-21T08:21:00Z')).toBe('16:21')
    expect(dayOf('2026-11-21T17:30:00+00:00', NOW)).toBe('明天')
  })

  test('today is the centre’s today, not the phone’s', () => {
    const late = Date.parse('2026-11-21T16:30:00Z')
    expect(todayIn(late, '+08:00')).toBe('2026-11-22')
    expect(todayIn(late, '+00:00')).toBe('2026-11-21')
    expect(dayOf('2026-11-22T01:00:00+08:00', late)).toBe('今天')
  })

  test('near days have names, others weekday and date', () => {
    expect(dayLabel('2026-11-21', '2026-11-21')).toBe('今天')
    expect(dayLabel('2026-11-22', '2026-11-21')).toBe('明天')
    expect(dayLabel('2026-11-20', '2026-11-21')).toBe('昨天')
    expect(dayLabel('2026-11-25', '2026-11-21')).toBe('周三 11月25日')
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
  })

  test('a night says 次日, midnight says 24:00', () => {
    expect(spanText('2026-11-21T22:00:00+08:00', '2026-11-22T06:00:00+08:00')).toBe('22:00–次日 06:00')
    expect(spanText('2026-11-21T23:30:00+08:00', '2026-11-22T00:00:00+08:00')).toBe('23:30–24:00')
  })

  test('what is kept until when stays in the same offset', () => {
    expect(plusMinutes('2026-11-21T23:50:00+08:00', 15)).toBe('2026-11-22T00:05:00+08:00')
    expect(localAt(NOW, '+08:00')).toBe('2026-11-21T20:00:00')
  })

  test('durations and waiting are spoken', () => {
    expect([20, 60, 90, 130, 480].map(minutesText)).toEqual(['20 分钟', '1 小时', '1 个半小时', '2 小时 10 分', '8 小时'])
    expect(untilText('2026-11-21T20:45:00+08:00', NOW)).toBe('还有 45 分钟')
    expect(untilText('2026-11-21T22:10:00+08:00', NOW)).toBe('还有 2 小时 10 分')
    expect(untilText('2026-11-24T20:00:00+08:00', NOW)).toBe('还有 3 天')
    expect(untilText('2026-11-21T19:00:00+08:00', NOW)).toBe('时间到了')
    expect(partOfDay('2026-11-21T03:00:00+08:00')).toBe('凌晨')
  })
})
