import { expect, test } from 'vitest'
import { get } from '@/api/client'
import { useLoad } from '@/state/load'
import { phone } from './phone'

test('what was shown is kept when a later read fails, and shown as stored after a restart', async () => {
  phone.answers['GET /centres'] = { data: ['one'] }
  const first = useLoad<string[]>(() => get('/centres'), 'centres')
  expect(first.state.status).toBe('loading')
  await first.load()
  expect(first.state).toMatchObject({ status: 'ready', data: ['one'], storedAt: null })

  delete phone.answers['GET /centres']
  const second = useLoad<string[]>(() => get('/centres'), 'centres')
  await second.load()
  expect(second.state.data).toEqual(['one'])
  expect(second.state.storedAt).toBeGreaterThan(0)
})

test('without anything stored the page says that there is no network, and a retry mends it', async () => {
  const page = useLoad<string[]>(() => get('/centres'), 'nothing')
  await page.load()
  expect(page.state).toMatchObject({ status: 'error', data: null })
  expect(page.state.error).toContain('没有网络')
  phone.answers['GET /centres'] = { data: ['one'] }
  await page.load()
  expect(page.state.status).toBe('ready')
})

test('a refusal is not papered over with stored data', async () => {
  phone.answers['GET /centres'] = { status: 503, data: { code: 'busy', message: '系统正忙，请稍等。' } }
  const page = useLoad<string[]>(() => get('/centres'), 'centres')
  await page.load()
  expect(page.state).toMatchObject({ status: 'error', error: '系统正忙，请稍等。', needsSignIn: false })
})

test('what is not there is said so, without an offer to try again', async () => {
  phone.answers['GET /centres'] = { status: 404, data: { code: 'not_found', message: '没有找到。' } }
  const page = useLoad<string[]>(() => get('/centres'))
  await page.load()
  expect(page.state).toMatchObject({ status: 'error', error: '没有找到。', refused: true })
})

test('an answer that comes late does not replace a newer one', async () => {
  let finish: ((value: string) => void)[] = []
  const page = useLoad<string>(() => new Promise((done) => finish.push(done)))
  const old = page.load()
  const fresh = page.load()
  finish[1]('new')
  await fresh
  finish[0]('old')
  await old
  expect(page.state.data).toBe('new')
  finish = []
})
