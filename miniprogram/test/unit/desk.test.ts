import { describe, expect, test, vi } from 'vitest'
import { ApiError } from '@/api/errors'
import { dismiss, enqueue, notedArrival, queueOf, syncQueue, troubledIn, unsent, waitingCentres, waitingIn } from '@/pages/desk/queue'
import { judgePass, passIn, readPass, refusalText, type OfflineFacts } from '@/pages/desk/verify'
import { localAt } from '@/time'
import passes from '../fixtures/passes.json'
import { phone } from './phone'

const START = Date.parse('2026-11-21T20:00:00+08:00')
const MINUTE = 60_000
const held = (changes: Partial<OfflineFacts> = {}): OfflineFacts => ({
  keys: [passes.key],
  centre: { code: 'DRIVER_HOME', name: '司机之家' },
  services: ['DRIVER_HOME.shower', 'DRIVER_HOME.bay'],
  bookings: [],
  ...changes,
})

describe('a pass is verified without a network', () => {
  test('a real one tells the booking, its service, unit and times', () => {
    expect(readPass(passes.good, [passes.key])).toEqual({
      code: 'K7M2QX4P', tail: '远', service: 'DRIVER_HOME.shower', unit: 'S2', start: START, end: START + 30 * MINUTE,
    })
  })

  test('forged, changed, foreign and broken ones are refused', () => {
    const [version, key, body, signature] = passes.good.split('.')
    const otherBody = passes.other_centre.split('.')[2]
    const wrong = [
      '', 'x', 'LY1...', passes.foreign, `${version}.${key}.${otherBody}.${signature}`, `LY2.${key}.${body}.${signature}`,
      `${version}.${passes.foreign_key.id}.${body}.${signature}`, `${version}.${key}.${body}.`, `${version}.${key}.${body}.é`,
      `${passes.good.slice(0, -4)}AAAA`, `${passes.good}.x`, passes.good + 'A'.repeat(2000),
    ]
    for (const text of wrong) expect([text, readPass(text, [passes.key])]).toEqual([text, null])
    expect(readPass(passes.foreign, [{ ...passes.foreign_key, id: passes.key.id }])).toBeNull()
    expect(readPass(passes.good, [{ ...passes.key, alg: 'none' }])).toBeNull()
  })

  test('every single changed letter of it is noticed', () => {
    for (let at = 0; at < passes.good.length - 1; at += 7) {
      const letter = passes.good[at] === 'A' ? 'B' : 'A'
      expect(readPass(passes.good.slice(0, at) + letter + passes.good.slice(at + 1), [passes.key])).toBeNull()
    }
  })

  test('it opens the door of its own centre, from half an hour before until its end', () => {
    const at = (now: number, facts = held()) => judgePass(passes.good, facts, now).refusal
    expect(at(START - 31 * MINUTE)).toBe('too_early')
    expect(at(START - 30 * MINUTE)).toBeNull()
    expect(at(START + 29 * MINUTE)).toBeNull()
    expect(at(START + 30 * MINUTE)).toBe('stay_over')
    expect(judgePass(passes.other_centre, held(), START).refusal).toBe('pass_other_centre')
    expect(judgePass(passes.foreign, held(), START).refusal).toBe('pass_invalid')
    expect(judgePass(passes.good, null, START).refusal).toBe('no_keys')
  })

  test('one whose guest was in already is not used twice', () => {
    const booking = { code: 'K7M2QX4P', state: 'checked_in', unit: 'S2', start: '', end: '', who: '林师傅', service: '' }
    expect(judgePass(passes.good, held({ bookings: [booking] }), START).refusal).toBe('pass_used')
    expect(judgePass(passes.good, held({ bookings: [{ ...booking, state: 'confirmed' }] }), START).refusal).toBeNull()
  })

  test('the refusal says what to do, in the centre’s time', () => {
    const text = refusalText(judgePass(passes.good, held(), START - 40 * MINUTE), (instant) => `${localAt(instant)}+08:00`)
    expect(text).toBe('来早了：约的是 20:00–20:30，19:30 起可以登记到店。')
  })

  test('it is found in whatever the scanner hands over', () => {
    expect(passIn(`https://example.test/q/pass/${passes.good}?x=1`)).toBe(passes.good)
    expect(passIn(` ${passes.good}\n`)).toBe(passes.good)
    expect(passIn('K7M2QX4P')).toBeNull()
  })
})

const note = (uuid: string, code = 'K7M2QX4P') =>
  enqueue(7, 'DRIVER_HOME', { client_uuid: uuid, kind: 'arrival', at: new Date(START).toISOString(), pass: passes.good, code, label: '林师傅' }, START)
const states = () => queueOf(7, 'DRIVER_HOME').map((item) => item.state)
const answering = (results: Record<string, string>) =>
  vi.fn((items: object[]) =>
    Promise.resolve({ items: (items as { client_uuid: string }[]).map(({ client_uuid }) => ({ client_uuid, result: results[client_uuid] ?? 'admitted', message: '' })) }))

describe('arrivals noted without a network', () => {
  test('are in storage before anything is said; a phone that keeps nothing says so', () => {
    expect(note('a')).toBe(true)
    expect(JSON.parse(phone.storage['lianyi:desk-queue:7:DRIVER_HOME'] as string)).toMatchObject([{ client_uuid: 'a', state: 'waiting' }])
    vi.stubGlobal('uni', { ...uni, setStorageSync: () => { throw new Error('full') } })
    expect(note('b')).toBe(false)
  })

  test('belong to one account and one centre', async () => {
    note('a')
    expect(queueOf(8, 'DRIVER_HOME')).toEqual([])
    expect(queueOf(7, 'DBH_HEALTH')).toEqual([])
    const upload = answering({})
    await syncQueue(8, 'DRIVER_HOME', upload)
    expect(upload).not.toHaveBeenCalled()
    expect([waitingCentres(7), waitingCentres(8)]).toEqual([['DRIVER_HOME'], []])
    expect([unsent(7), unsent(8)]).toEqual([{ mine: 1, others: 0 }, { mine: 0, others: 1 }])
  })

  test('of the same booking are noted once', () => {
    note('a')
    expect(notedArrival(queueOf(7, 'DRIVER_HOME'), 'K7M2QX4P')?.client_uuid).toBe('a')
    expect(notedArrival(queueOf(7, 'DRIVER_HOME'), 'OTHER222')).toBeUndefined()
  })

  test('go up in order and each shows what became of it', async () => {
    for (const uuid of ['a', 'b', 'c', 'd', 'e']) note(uuid)
    const upload = answering({ b: 'repeat', c: 'conflict', d: 'marked', e: 'refused' })
    expect(await syncQueue(7, 'DRIVER_HOME', upload)).toBe('')
    expect(states()).toEqual(['admitted', 'repeat', 'conflict', 'marked', 'refused'])
    expect(upload.mock.calls[0][0]).toMatchObject([{ client_uuid: 'a', kind: 'arrival' }, {}, {}, {}, {}])
    for (const kept of ['label', 'state', 'code']) expect(upload.mock.calls[0][0][0]).not.toHaveProperty(kept)
    expect(troubledIn(queueOf(7, 'DRIVER_HOME')).map((item) => item.client_uuid)).toEqual(['c', 'e'])
  })

  test('whose answer was lost wait and go up again under the same key', async () => {
    note('a')
    expect(await syncQueue(7, 'DRIVER_HOME', () => Promise.reject(ApiError.network()))).toMatch(/没有收到回应/)
    expect(states()).toEqual(['waiting'])
    const upload = answering({ a: 'repeat' })
    await syncQueue(7, 'DRIVER_HOME', upload)
    expect(upload.mock.calls[0][0]).toMatchObject([{ client_uuid: 'a' }])
    expect(states()).toEqual(['repeat'])
  })

  test('become final once: a later answer of another tab changes nothing', async () => {
    note('a')
    await syncQueue(7, 'DRIVER_HOME', async (items) => {
      await syncQueue(7, 'DRIVER_HOME', answering({ a: 'admitted' }))
      return answering({ a: 'refused' })(items)
    })
    expect(states()).toEqual(['admitted'])
  })

  test('noted while an upload runs are not lost by it', async () => {
    note('a')
    await syncQueue(7, 'DRIVER_HOME', (items) => {
      if (queueOf(7, 'DRIVER_HOME').length === 1) note('b', 'H4N8RT6W')
      return answering({})(items)
    })
    expect(states()).toEqual(['admitted', 'admitted'])
  })

  test('one the server cannot read does not hold back the others', async () => {
    for (const uuid of ['a', 'b', 'c']) note(uuid)
    await syncQueue(7, 'DRIVER_HOME', (items) => {
      const uuids = (items as { client_uuid: string }[]).map((item) => item.client_uuid)
      if (uuids.includes('b')) return Promise.reject(new ApiError(422, 'invalid', '内容不对'))
      return answering({})(items)
    })
    expect(states()).toEqual(['admitted', 'refused', 'admitted'])
    expect(queueOf(7, 'DRIVER_HOME')[1].message).toBe('内容不对')
  })

  test('stay while a server answers nonsense, without an endless loop', async () => {
    note('a')
    const upload = vi.fn(() => Promise.resolve({ items: [{ client_uuid: 'a', result: 'done', message: '' }] }))
    expect(await syncQueue(7, 'DRIVER_HOME', upload)).toMatch(/没有回应每一条/)
    expect([upload.mock.calls.length, states()]).toEqual([1, ['waiting']])
  })

  test('are put away by staff only once they are final; old finished ones go by themselves', async () => {
    note('a')
    dismiss(7, 'DRIVER_HOME', 'a')
    expect(states()).toEqual(['waiting'])
    await syncQueue(7, 'DRIVER_HOME', answering({ a: 'refused' }))
    dismiss(7, 'DRIVER_HOME', 'a')
    expect(states()).toEqual([])
    note('b')
    await syncQueue(7, 'DRIVER_HOME', answering({}))
    enqueue(7, 'DRIVER_HOME', { client_uuid: 'c', kind: 'arrival', at: new Date(START).toISOString(), label: '' }, START + 13 * 60 * MINUTE)
    expect(queueOf(7, 'DRIVER_HOME').map((item) => item.client_uuid)).toEqual(['c'])
    expect(waitingIn(queueOf(7, 'DRIVER_HOME'))).toHaveLength(1)
  })
})
