import { describe, expect, test } from 'vitest'
import type { Activity, CheckInResult, DisplayCode } from '@/api/types'
import { resultSentence } from '@/pages/activities/result'
import { remainingShare, rotationOf, stepAt } from '@/pages/activities/rotation'
import { readScan } from '@/pages/activities/scanned'
import { leaveSentence, statusOf } from '@/pages/activities/words'

const T0 = Date.parse('2026-11-21T12:00:00Z')
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString()
const display: DisplayCode = {
  qr: 'code-0',
  valid_until: at(20),
  step_seconds: 20,
  server_time: at(5),
  next: Array.from({ length: 15 }, (_, n) => ({ qr: `code-${n + 1}`, valid_from: at(20 * (n + 1)), valid_until: at(20 * (n + 2)) })),
  counts: { registered: 1, checked_in: 0 },
}

describe('the projector without a network', () => {
  const wrongClock = 1_000_000 // this machine's clock is decades off
  const rotation = rotationOf(display, wrongClock)
  const shownAfter = (seconds: number) => stepAt(rotation, wrongClock + seconds * 1000)?.qr ?? null

  test('changes the code by the server’s time, not by its own clock', () => {
    expect([0, 14, 16, 36].map(shownAfter)).toEqual(['code-0', 'code-0', 'code-1', 'code-2'])
  })

  test('runs through five minutes and then shows nothing rather than a dead code', () => {
    expect(shownAfter(314)).toBe('code-15')
    expect(shownAfter(316)).toBeNull()
  })

  test('the ring tells the share that is left', () => {
    const step = stepAt(rotation, wrongClock + 5000)!
    expect(remainingShare(rotation, step, wrongClock + 5000)).toBeCloseTo(0.5)
  })

  test('a code that the server accepts a little longer is still replaced on time', () => {
    const lenient = rotationOf({ ...display, valid_until: at(40), next: display.next.map((s) => ({ ...s, valid_until: at(9999) })) }, wrongClock)
    expect(stepAt(lenient, wrongClock + 16_000)!.qr).toBe('code-1')
  })
})

describe('what a scanner hands over', () => {
  test.each([
    ['https://x.cn/q/checkin/A1.0Q7ABC', 'A1', 'A1.0Q7ABC'],
    ['https://x.cn/q/checkin/PARTY-2026.0Q7ABC?from=scan', 'PARTY-2026', 'PARTY-2026.0Q7ABC'],
    ['https://x.cn/#/pages/activities/check-in?activity=A1&c=A1.0Q7ABC', 'A1', 'A1.0Q7ABC'],
    ['  A1.0Q7ABC ', 'A1', 'A1.0Q7ABC'],
    ['https://x.cn/q/checkin/A%201.0Q7'.replace('%20', '-'), 'A-1', 'A-1.0Q7'],
  ])('%s', (text, activity, payload) => expect(readScan(text)).toEqual({ activity, payload }))

  test.each(['', 'hello', 'https://x.cn/', 'A1.', '.abc', 'LY1 abc.def', 'https://x.cn/q/booking/A1'])('not a code: %s', (text) =>
    expect(readScan(text)).toBeNull(),
  )
})

describe('one clear sentence after a scan', () => {
  const result = (changes: Partial<CheckInResult>): CheckInResult => ({
    grade: 'accepted', reasons: [], state: 'attended', at: '2026-11-21T20:01:00+08:00', repeat: false, activity: { code: 'A', title: '' }, host_branch: null, ...changes,
  })

  test('done, done before, and what is not certain is never said to be done', () => {
    expect(resultSentence(result({})).text).toBe('已签到 20:01')
    expect(resultSentence(result({ repeat: true })).text).toBe('已经签过了 20:01')
    for (const grade of ['provisional', 'review', 'rejected'] as const) expect(resultSentence(result({ grade })).text).not.toContain('已签')
    expect(resultSentence(result({ grade: 'review', reasons: ['shared_device'] })).next).toContain('主办人')
  })
})

const activity = (changes: object): Activity => ({ state: 'published', phase: 'upcoming', registration: { open: true }, mine: null, ...changes }) as Activity

test('an activity says the one thing that matters', () => {
  expect(statusOf(activity({})).word).toBe('可报名')
  expect(statusOf(activity({ mine: { registration: 'registered' } })).word).toBe('已报名')
  expect(statusOf(activity({ phase: 'running', mine: { registration: 'registered' } })).word).toBe('正在签到')
  expect(statusOf(activity({ phase: 'running', mine: { registration: 'attended', checked_in_at: 'x' } })).word).toBe('已签到')
  expect(statusOf(activity({ state: 'cancelled', phase: 'running' })).word).toBe('已取消')
})

test('leave is shown from asking on, and gives way to having come', () => {
  const asked = { registration: 'registered', leave: 'asked' }
  expect(statusOf(activity({ mine: asked })).word).toBe('请假待批')
  expect(statusOf(activity({ mine: { ...asked, leave: 'approved' } })).word).toBe('已请假')
  expect(leaveSentence(activity({ mine: asked }))).toContain('等书记批')
  expect(leaveSentence(activity({ mine: { ...asked, registration: 'attended' } }))).toBe('')
})
