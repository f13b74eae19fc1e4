/** The staff desk in the built mini-program: a scanned pass is verified on the phone and the arrival kept in its storage. */
const { generateKeyPairSync, sign } = require('node:crypto')
const { launch } = require('./phone.cjs')

const centre = { code: 'C1', name: '司机之家' }
const role = { role: 'centre_staff', role_name: '中心工作人员', scope_kind: 'centre', scope_id: 1, scope_code: 'C1', scope_name: '司机之家', valid_to: null }
const staff = { id: 7, name: '周师傅', zone: null, phone_masked: null, roles: [role], orgs: [], branch: null, settings: {} }
const newKeys = () => generateKeyPairSync('ed25519')
const base64url = (data) => Buffer.from(data).toString('base64url')

const pair = newKeys()
const now = Math.floor(Date.now() / 1000)
function signed(service, keys = pair) {
  const facts = { code: 'K7M2QX4P', tail: '远', service, unit: 'S2', start: now - 60, end: now + 1740 }
  const text = `LY1.k1.${base64url(JSON.stringify(facts))}`
  return `${text}.${base64url(sign(null, Buffer.from(text), keys.privateKey))}`
}
const iso = (seconds) => new Date(seconds * 1000 + 8 * 3_600_000).toISOString().replace('.000Z', '+08:00')
const pack = {
  keys: [{ id: 'k1', alg: 'Ed25519', public_key: pair.publicKey.export({ format: 'jwk' }).x }], centre, services: ['C1.shower'], bookings: [], at: iso(now),
}
const storage = () => ({
  'lianyi:token': '"T-7"',
  'lianyi:person': JSON.stringify(staff),
  'lianyi:page:desk:centre': JSON.stringify(centre),
  'lianyi:page:desk:pack:C1': JSON.stringify({ pack, skew: 0, at: Date.now() }),
})
const offline = { 'POST /desk/C1/arrivals': 'offline', 'POST /desk/C1/sync': 'offline', 'GET /me': 'offline' }
const queued = (phone) => JSON.parse(phone.storage['lianyi:desk-queue:7:C1'] ?? '[]')

async function scan(pass) {
  const phone = launch({ answers: offline, storage: storage(), scanned: pass })
  const page = await phone.open('pages/desk/scan')
  await page.tap('desk-camera-open')
  return { phone, page }
}

test('without a network a real pass is verified and the arrival waits in storage', async () => {
  const { phone, page } = await scan(signed('C1.shower'))
  expect(page.find('scan-result').textContent).toContain('等待上传')
  expect(queued(phone)).toMatchObject([{ kind: 'arrival', code: 'K7M2QX4P', state: 'waiting' }])
})

test('a forged pass and one of another centre are refused and nothing is kept', async () => {
  for (const pass of [signed('C1.shower', newKeys()), signed('C2.shower')]) {
    const { phone, page } = await scan(pass)
    expect(page.find('scan-result').textContent).toContain('不能放行')
    expect(queued(phone)).toEqual([])
  }
})

test('back online what waited goes up once and becomes final', async () => {
  const kept = storage()
  const item = { client_uuid: 'u-1', kind: 'arrival', at: iso(now), pass: signed('C1.shower'), code: 'K7M2QX4P', label: '林师傅', state: 'waiting', message: '' }
  kept['lianyi:desk-queue:7:C1'] = JSON.stringify([item])
  const sync = { data: { items: [{ client_uuid: 'u-1', result: 'admitted', message: '' }] } }
  const phone = launch({ answers: { 'POST /desk/C1/sync': sync, 'GET /desk/C1/conflicts': { data: { items: [] } }, 'GET /me': { data: staff } }, storage: kept })
  const page = await phone.open('pages/desk/queue')
  expect(page.find('queued-K7M2QX4P').textContent).toContain('已到店')
  const uploads = phone.wx.requests().filter((request) => request.path.endsWith('/desk/C1/sync'))
  expect(uploads.map((request) => request.body.items.map((one) => one.client_uuid))).toEqual([['u-1']])
  expect(queued(phone)[0].state).toBe('admitted')
})
