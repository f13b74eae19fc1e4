import { describe, expect, test } from 'vitest'
import type { Entry, Offer, OfferLine } from '@/api/types'
import {
  countdownText, endText, flexText, lapseText, leastLengths, logText, mostUrgent, offerMinutes, positionText, secondsLeft, shareLeft, wishText,
} from '@/pages/bookings/wait'
import { keepEntry, keptEntry, myEntries } from '@/state/waits'
import { phone } from './phone'

const NOW = Date.parse('2026-11-21T19:10:00+08:00')
const START = '2026-11-21T20:00:00+08:00'
const offer: Offer = { start: START, end: '2026-11-21T20:30:00+08:00', unit: 'S2', answer_until: '2026-11-21T19:18:00+08:00', seconds_left: 480 }
const entry = (changes: Partial<Entry> = {}): Entry =>
  ({
    id: 'A1', state: 'waiting', start: START, until: '2026-11-21T20:30:00+08:00', minutes: 30, min_minutes: 30,
    position: 2, ahead: 1, lapses: 0, offer: null, service: { code: 'C.shower', name: '冲凉', kind: 'unit' }, ...changes,
  }) as Entry
const line = (changes: Partial<OfferLine>): OfferLine =>
  ({ at: '2026-11-21T19:08:00+08:00', start: START, end: offer.end, state: 'offered', until: offer.answer_until, mine: true, ...changes })

describe('the place in line', () => {
  test('says how many are ahead, and that an offer waits for an answer', () => {
    expect(positionText(entry())).toBe('前面还有 1 位')
    expect(positionText(entry({ position: 1, ahead: 0 }))).toContain('先问您')
    expect(positionText(entry({ state: 'offered', offer }))).toContain('等您回答')
  })

  test('what is over says how, and what one may do', () => {
    expect(endText(entry({ state: 'lapsed', lapses: 2 }))).toContain('两次')
    expect(endText(entry({ state: 'lapsed', lapses: 0 }))).toContain('时间已经过了')
    expect(endText(entry({ state: 'cancelled' }))).toContain('队尾')
    expect(endText(entry())).toBe('')
  })

  test('after the first lapse the place is kept, and it says so', () => {
    expect(lapseText(entry({ lapses: 1 }))).toContain('保留了一次')
    expect(lapseText(entry())).toBe('')
  })

  test('the wish names only what is more than a plain one', () => {
    expect(wishText(entry(), NOW)).toBe('今天 20:00 起 30 分钟')
    expect(wishText(entry({ until: '2026-11-21T22:00:00+08:00', min_minutes: 20 }), NOW)).toBe('今天 20:00 起 30 分钟，最晚到 22:00，最少 20 分钟')
  })
})

describe('an offer', () => {
  test('counts down from what the server said, whatever the phone’s clock says', () => {
    const wrongClock = NOW + 5 * 3_600_000
    expect(secondsLeft(offer, wrongClock, wrongClock + 60_500)).toBe(419)
    expect(secondsLeft(offer, wrongClock, wrongClock + 900_000)).toBe(0)
  })

  test('its bar is full when it came and empty at the end', () => {
    const offered = entry({ state: 'offered', offer, log: [line({})] })
    expect(shareLeft(offered, 600)).toBe(1)
    expect(shareLeft(offered, 150)).toBe(0.25)
    expect(shareLeft(entry({ state: 'offered', offer }), 300)).toBe(0.5)
  })

  test('stands longer at night', () => {
    expect([offerMinutes('21:59'), offerMinutes('22:00'), offerMinutes('06:59'), offerMinutes('07:00')]).toEqual([10, 20, 20, 10])
    expect(countdownText(545)).toBe('9 分 05 秒')
    expect(countdownText(9)).toBe('9 秒')
  })

  test('the log says whom by “you” and “another”, never by name', () => {
    expect(logText(line({ state: 'lapsed' }))).toBe('20:00–20:30 的空位 · 问了您 · 没有回答，让给下一位')
    expect(logText(line({ mine: false }))).toBe('20:00–20:30 的空位 · 问了另一位 · 等回答，到 19:18')
  })

  test('the one that runs out soonest comes first, then the nearest wish', () => {
    const far = entry({ id: 'far', start: '2026-11-23T08:00:00+08:00' })
    expect(mostUrgent([far, entry()])?.id).toBe('A1')
    expect(mostUrgent([entry(), entry({ id: 'O', state: 'offered', offer, start: '2026-11-24T08:00:00+08:00' })])?.id).toBe('O')
    expect(mostUrgent([entry({ state: 'cancelled' })])).toBeNull()
  })
})

test('what one would put up with', () => {
  expect(leastLengths([30, 60, 90, 120], 90)).toEqual([90, 60, 30])
  expect(flexText(START, 30, 0)).toBe('就这个时间')
  expect(flexText(START, 30, 60)).toBe('到 21:30 前都行')
})

describe('without a network', () => {
  test('the entries last seen are shown, an offer is not claimed', async () => {
    keepEntry(entry({ state: 'offered', offer }))
    const page = await myEntries()
    expect(page.items.map((kept) => [kept.id, kept.state, kept.offer])).toEqual([['A1', 'waiting', null]])
  })

  test('an entry that is over is no longer kept', async () => {
    keepEntry(entry())
    keepEntry(entry({ state: 'cancelled' }))
    expect(keptEntry('A1')).toBeNull()
  })

  test('a refusal is told, not hidden behind what was kept', async () => {
    keepEntry(entry())
    phone.answers['GET /waitlist'] = { status: 401, data: { code: 'sign_in_required' } }
    await expect(myEntries()).rejects.toMatchObject({ status: 401 })
  })
})
