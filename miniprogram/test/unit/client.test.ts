import { beforeEach, describe, expect, test } from 'vitest'
import { get, post } from '@/api/client'
import { ApiError, SignInDeclined } from '@/api/errors'
import { IntentKeys } from '@/ids'
import { connectSession, ensureSignedIn, forgetPerson, session, signIn, signInClosed } from '@/state/session'
import { phone } from './phone'

const person = { id: 1, name: '林师傅', zone: null, phone_masked: null, roles: [], orgs: [], branch: null, settings: {} }
const settle = () => new Promise((done) => setTimeout(done, 0))

beforeEach(() => {
  forgetPerson()
  connectSession()
  phone.answers['POST /sign-in'] = { data: { token: 'T-new', expires_at: '', person } }
})

describe('sign-in is asked for at the first write only', () => {
  test('a read of a guest goes out without asking', async () => {
    phone.answers['GET /centres'] = { data: { items: [] } }
    await get('/centres')
    expect(phone.opened).toEqual([])
    expect(phone.sent[0].header.Authorization).toBeUndefined()
  })

  test('a write waits for sign-in and then goes on', async () => {
    phone.answers['POST /bookings'] = { status: 201, data: { code: 'K' } }
    const writing = post<{ code: string }>('/bookings', { a: 1 })
    await settle()
    expect(phone.opened).toEqual(['/pages/me/sign-in'])
    expect(phone.sent).toEqual([])
    await signIn('demo:driver')
    signInClosed()
    expect((await writing).code).toBe('K')
    expect(phone.sent.at(-1)!.header.Authorization).toBe('Bearer T-new')
  })

  test('who closes the sign-in page has done nothing', async () => {
    const writing = post('/bookings')
    signInClosed()
    await expect(writing).rejects.toBeInstanceOf(SignInDeclined)
    expect(phone.sent).toEqual([])
  })

  test('two writes at once ask once', async () => {
    const both = Promise.all([ensureSignedIn(), ensureSignedIn()])
    await signIn('demo:driver')
    signInClosed()
    expect(await both).toEqual([true, true])
    expect(phone.opened).toHaveLength(1)
  })
})

describe('a token the server no longer knows', () => {
  test('is dropped by a read, which shows what guests see', async () => {
    await signIn('demo:driver')
    let turn = 0
    phone.answers['GET /activities'] = () => ((turn += 1) === 1 ? { status: 401, data: { code: 'sign_in_required' } } : { data: 'open' })
    expect(await get('/activities')).toBe('open')
    expect(session.token).toBeNull()
  })

  test('makes a write ask again and repeat itself with the same body', async () => {
    await signIn('demo:driver')
    let turn = 0
    phone.answers['POST /bookings'] = () => ((turn += 1) === 1 ? { status: 401, data: {} } : { status: 201, data: { code: 'K' } })
    const writing = post<{ code: string }>('/bookings', { client_uuid: 'u' })
    await settle()
    expect(phone.opened).toEqual(['/pages/me/sign-in'])
    await signIn('demo:driver')
    signInClosed()
    expect((await writing).code).toBe('K')
    const bodies = phone.sent.filter((sent) => sent.path === '/bookings').map((sent) => sent.body)
    expect(bodies).toEqual([{ client_uuid: 'u' }, { client_uuid: 'u' }])
  })
})

describe('refusals', () => {
  test('carry code, sentence and details of the server', async () => {
    await signIn('demo:driver')
    phone.answers['POST /bookings'] = { status: 409, data: { code: 'slot_full', message: '刚被约满', details: { alternatives: [1] } } }
    const error = (await post('/bookings').catch((e: unknown) => e)) as ApiError
    expect([error.status, error.code, error.message, error.details]).toEqual([409, 'slot_full', '刚被约满', { alternatives: [1] }])
    expect(error.offline).toBe(false)
  })

  test('a lost answer is not said to be done, and trying again is safe', async () => {
    const error = (await get('/nowhere').catch((e: unknown) => e)) as ApiError
    expect(error.offline).toBe(true)
    expect(error.message).toMatch(/不能算办成.*不会重复/)
  })

  test('an answer that is no JSON of ours still has a sentence', async () => {
    phone.answers['GET /centres'] = { status: 502, data: '<html>' }
    const error = (await get('/centres').catch((e: unknown) => e)) as ApiError
    expect([error.code, error.message.length > 0]).toEqual(['http_502', true])
  })
})

test('the device id is random once and then kept', async () => {
  phone.answers['GET /centres'] = { data: {} }
  await get('/centres')
  await get('/centres')
  const [first, second] = phone.sent.map((sent) => sent.header['X-Device-Id'])
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(second).toBe(first)
})

test('a wish keeps its key until it is fulfilled', () => {
  const keys = new IntentKeys()
  const first = keys.keyFor({ start: '20:00' })
  expect(keys.keyFor({ start: '20:00' })).toBe(first)
  expect(keys.keyFor({ start: '20:30' })).not.toBe(first)
  keys.fulfilled({ start: '20:00' })
  expect(keys.keyFor({ start: '20:00' })).not.toBe(first)
})

test('signing out takes the passes and stored pages from the phone', async () => {
  await signIn('demo:driver')
  phone.storage['lianyi:passes'] = '{}'
  phone.storage['lianyi:page:bookings:past'] = '{}'
  phone.storage['lianyi:device'] = '"d"'
  forgetPerson()
  expect(Object.keys(phone.storage)).toEqual(['lianyi:device'])
})
