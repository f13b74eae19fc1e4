import { beforeEach, describe, expect, test } from 'vitest'
import * as api from '@/api/desk'
import { ApiError } from '@/api/errors'
import { attendantNow, keepAttendant } from '@/pages/desk/attendant'
import { chooseCentre, desk, myCentres, note, syncNow } from '@/pages/desk/desk'
import { queueOf } from '@/pages/desk/queue'
import { connectSession, forgetPerson, signIn } from '@/state/session'
import { phone } from './phone'

const centre = { code: 'C1', name: '司机之家' }
const role = { role: 'centre_staff', role_name: '', scope_kind: 'centre', scope_id: 1, scope_code: 'C1', scope_name: '司机之家', valid_to: null }
const staff = { id: 7, name: '周师傅', zone: null, phone_masked: null, roles: [role], orgs: [], branch: null, settings: {} }
const SYNC = 'POST /desk/C1/sync'
const arrival = { kind: 'arrival' as const, code: 'K7M2QX4P', label: '林师傅' }
const admitted = () => {
  const sent = phone.sent.filter((one) => one.path === '/desk/C1/sync').slice(-1)[0]
  const { items } = sent.body as { items: { client_uuid: string }[] }
  return { data: { items: items.map(({ client_uuid }) => ({ client_uuid, result: 'admitted', message: '' })) } }
}
const onDuty = () => keepAttendant({ token: 'A-1', name: '吴阿姨', centre: 'C1', expires_at: '2099-01-01T00:00:00+08:00' })
const pinOver = { status: 403, data: { code: 'pin_required', message: '请先选值班员并输入 PIN' } }

beforeEach(async () => {
  forgetPerson()
  connectSession()
  phone.answers['POST /sign-in'] = { data: { token: 'T', expires_at: '', person: staff } }
  phone.answers['GET /centres'] = { data: { items: [centre, { code: 'C2', name: '别的中心' }] } }
  await signIn('demo:staff')
  chooseCentre(centre)
})

test('a person sees the desks of their own centres', async () => {
  expect(await myCentres()).toEqual([centre])
  phone.answers['POST /sign-in'] = { data: { token: 'T', expires_at: '', person: { ...staff, id: 8, roles: [{ ...role, role: 'district_admin', scope_kind: 'district' }] } } }
  await signIn('demo:admin')
  expect((await myCentres()).map((one) => one.code)).toEqual(['C1', 'C2'])
  phone.answers['POST /sign-in'] = { data: { token: 'T', expires_at: '', person: { ...staff, id: 9, roles: [] } } }
  await signIn('demo:driver')
  await expect(myCentres()).rejects.toMatchObject({ status: 403 })
})

describe('notes without a network', () => {
  test('are kept once per booking and go up when there is one, also those of another centre', async () => {
    expect([note(arrival), note(arrival)]).toEqual(['noted', 'already'])
    chooseCentre({ code: 'C2', name: '别的中心' })
    phone.answers[SYNC] = admitted
    await syncNow()
    expect(queueOf(7, 'C1').map((item) => item.state)).toEqual(['admitted'])
  })

  test('are not taken by someone who is not signed in', () => {
    forgetPerson()
    expect(note(arrival)).toBe('not_kept')
  })

  test('stay when their person signs out, while names and keys go', async () => {
    note(arrival)
    phone.storage['lianyi:page:desk:pack:C1'] = '{}'
    forgetPerson()
    expect(Object.keys(phone.storage).filter((name) => name.includes('desk'))).toEqual(['lianyi:desk-queue:7:C1'])
    await syncNow()
    expect(phone.sent.filter((sent) => sent.path === '/desk/C1/sync')).toEqual([])
  })

  test('two pages that sync at once send them once', async () => {
    note(arrival)
    phone.answers[SYNC] = admitted
    await Promise.all([syncNow(), syncNow()])
    expect(phone.sent.filter((sent) => sent.path === '/desk/C1/sync')).toHaveLength(1)
    expect(desk.items[0].state).toBe('admitted')
  })
})

describe('the attendant', () => {
  test('is named in every call of the desk, at their own centre only', async () => {
    onDuty()
    phone.answers['GET /desk/C1/board'] = { data: {} }
    await api.board('C1')
    expect(phone.sent.slice(-1)[0].header['X-Attendant']).toBe('A-1')
    chooseCentre({ code: 'C2', name: '别的中心' })
    expect(attendantNow()).toBeNull()
  })

  test('whose shift is over: looking and uploading go on, doing asks for the PIN', async () => {
    onDuty()
    let turn = 0
    phone.answers['GET /desk/C1/board'] = () => ((turn += 1) === 1 ? pinOver : { data: { date: 'x' } })
    expect(await api.board('C1')).toEqual({ date: 'x' })
    expect(attendantNow()).toBeNull()

    onDuty()
    note(arrival)
    turn = 0
    phone.answers[SYNC] = () => ((turn += 1) === 1 ? pinOver : admitted())
    await syncNow()
    expect(queueOf(7, 'C1')[0].state).toBe('admitted')

    onDuty()
    phone.answers['POST /bookings/K7M2QX4P/check-in'] = pinOver
    const refused = (await api.act('K7M2QX4P', 'check-in').catch((error: unknown) => error)) as ApiError
    expect([refused.code, attendantNow()]).toEqual(['pin_required', null])
    expect(phone.sent.filter((sent) => sent.path.endsWith('/check-in'))).toHaveLength(1)
  })

  test('of yesterday is nobody', () => {
    keepAttendant({ token: 'A', name: '吴阿姨', centre: 'C1', expires_at: '2020-01-01T00:00:00+08:00' })
    expect(attendantNow()).toBeNull()
  })
})
