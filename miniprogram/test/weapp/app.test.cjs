/** The built mini-program used by taps: what it asks of the server and of the phone. */
const { launch } = require('./phone.cjs')

const person = { id: 1, name: '林师傅', zone: 'male', phone_masked: null, roles: [], orgs: [], branch: null, settings: {} }
const shower = {
  code: 'C1.shower', name: '冲凉', kind: 'unit', slot_minutes: 30, step_minutes: 30, min_minutes: 30, max_minutes: 30,
  max_party: 1, closed: [], cleaning_minutes: 10, grace_minutes: 15, has_zones: true, zones: ['male', 'female'], capacity: 5, booking_required: true,
  bookable: true, open_now: true, free_now: 3, hours_text: '全天开放', centre: { code: 'C1', name: '司机之家' },
}
const START = '2099-11-21T20:00:00+08:00'
const END = '2099-11-21T20:30:00+08:00'
const booking = {
  code: 'K7M2QX4P', state: 'confirmed', service: { code: 'C1.shower', name: '冲凉', kind: 'unit' },
  centre: { code: 'C1', name: '司机之家', place: '缓冲区' }, unit: 'S2', zone: 'male', start: START, end: END,
  grace_until: '2099-11-21T20:15:00+08:00', party_size: 1, plate_masked: null, pass: 'LY1.abc.k1.sig', can_cancel: true,
  late_cancel: false, created_at: START, source: 'app', events: [],
}
const answers = {
  'GET /centres': { data: { items: [{ code: 'C1', name: '司机之家', place: '缓冲区', open_now: true, free_now: 3, hours_text: '全天开放', free_of_charge: true, contact: null, way_in: null, notices: [], distance_m: null }], total: 1 } },
  'GET /centres/C1/services': { data: { items: [shower], total: 1 } },
  'GET /services/C1.shower': { data: shower },
  'GET /services/C1.shower/availability': { data: { service: 'C1.shower', date: '2099-11-21', zone: 'male', minutes: 30, slots: [{ start: START, end: END, free: 2, capacity: 5 }], next_free: { start: START, end: END } } },
  'GET /services/C1.shower/availability/month': { data: { days: [{ date: '2099-11-21', free_slots: 1, open: true }] } },
  'GET /centres/C1': { data: { code: 'C1', name: '司机之家', contact: '0755-00000001', way_in: '东门进', free_of_charge: true } },
  'GET /notices': { data: { items: [{ id: 3, kind: 'congestion', text: '港口拥堵，多留 30 分钟', from: START, until: END }], total: 1 } },
  'GET /waitlist': { data: { items: [], total: 0 } },
  'GET /subscribe-templates': { data: { templates: [{ id: 'TMPL_BOOKED', name: '预约成功' }] } },
  'GET /me': { data: person },
  'POST /sign-in': { data: { token: 'T-1', expires_at: END, person } },
  'POST /bookings': { status: 201, data: booking },
  'POST /subscribe-consents': { data: { allowances: { TMPL_BOOKED: 1 } } },
  'POST /activities/A1/scan-tickets': { status: 201, data: { ticket: 'TICKET', expires_at: END, activity: { code: 'A1', title: '十一月主题党日' } } },
  'POST /activities/A1/check-ins': { status: 201, data: { grade: 'accepted', reasons: [], state: 'attended', at: START, repeat: false, activity: { code: 'A1', title: '十一月主题党日' }, host_branch: null } },
}
const kept = (storage, key) => JSON.parse(storage[`lianyi:${key}`] ?? 'null')
const signedIn = () => ({ 'lianyi:token': '"T-1"', 'lianyi:person': JSON.stringify(person) })

test('a guest sees the centres and their free places without signing in', async () => {
  const phone = launch({ answers })
  const page = await phone.open('pages/services/index')
  expect(page.text()).toContain('司机之家')
  expect(page.find('service-C1.shower').textContent).toContain('3')
  expect(phone.wx.called('login')).toEqual([])
  expect(phone.wx.requests().every((request) => !request.header.Authorization)).toBe(true)
  const [first] = phone.wx.requests()
  expect(first.path).toBe('/api/v1/centres?per_page=50')
  expect(first.header['X-Device-Id']).toBe(kept(phone.storage, 'device'))
})

test('a tap on a tab and on a service leads there', async () => {
  const phone = launch({ answers })
  const page = await phone.open('pages/services/index')
  await page.tap('service-C1.shower')
  await page.tap('tab-ask')
  expect(phone.wx.called('navigateTo')[0].url).toBe('/pages/services/service?code=C1.shower')
  expect(phone.wx.called('switchTab')[0].url).toBe('/pages/ask/index')
})

test('login: the code of wx.login becomes a token in storage', async () => {
  const phone = launch({ answers })
  const page = await phone.open('pages/me/sign-in')
  await page.tap('sign-in-wechat')
  expect(phone.wx.called('login')).toHaveLength(1)
  expect(phone.wx.requests().find((r) => r.path === '/api/v1/sign-in').body).toEqual({ code: 'wx-code-1' })
  expect(kept(phone.storage, 'token')).toBe('T-1')
  expect(kept(phone.storage, 'person').name).toBe('林师傅')
})

test('booking: consent is asked in the tap for exactly the given templates, then one booking, its pass kept', async () => {
  const phone = launch({ answers, storage: signedIn() })
  const page = await phone.open('pages/services/service', { code: 'C1.shower' })
  expect(phone.wx.called('requestSubscribeMessage')).toEqual([])
  await page.tap('confirm-booking')

  expect(phone.wx.called('requestSubscribeMessage').map((o) => o.tmplIds)).toEqual([['TMPL_BOOKED']])
  const posts = phone.wx.requests().filter((r) => r.method === 'POST')
  expect(posts.map((r) => r.path)).toEqual(['/api/v1/bookings', '/api/v1/subscribe-consents'])
  expect(posts[0].body).toMatchObject({ service: 'C1.shower', start: START, minutes: 30, zone: 'male' })
  expect(posts[0].body.client_uuid).toMatch(/^[0-9a-f-]{36}$/)
  expect(posts[0].header.Authorization).toBe('Bearer T-1')
  expect(posts[1].body).toEqual({ template_ids: { TMPL_BOOKED: 'accept' } })
  expect(kept(phone.storage, 'passes').K7M2QX4P.pass).toBe('LY1.abc.k1.sig')
  expect(phone.wx.called('redirectTo')[0].url).toBe('/pages/bookings/pass?code=K7M2QX4P&fresh=1')
})

test('a booking sent again after a lost answer keeps its client_uuid', async () => {
  let lost = true
  const shaky = { ...answers, 'POST /bookings': () => (lost ? 'offline' : { status: 201, data: booking }) }
  const phone = launch({ answers: shaky, storage: signedIn() })
  const page = await phone.open('pages/services/service', { code: 'C1.shower' })
  await page.tap('confirm-booking')
  expect(page.find('booking-error').textContent).toContain('没有收到回应')
  expect(kept(phone.storage, 'passes')).toBeNull()
  lost = false
  await page.tap('confirm-booking')
  const keys = phone.wx.requests().filter((r) => r.path === '/api/v1/bookings').map((r) => r.body.client_uuid)
  expect(keys).toHaveLength(2)
  expect(keys[0]).toBe(keys[1])
})

test('a guest who books is asked to sign in, and nothing is sent before', async () => {
  const phone = launch({ answers })
  const page = await phone.open('pages/services/service', { code: 'C1.shower' })
  await page.tap('confirm-booking')
  expect(phone.wx.called('navigateTo')[0].url).toBe('/pages/me/sign-in')
  expect(phone.wx.requests().filter((r) => r.method === 'POST')).toEqual([])
})

test('the pass opens from storage without a network', async () => {
  const storage = { ...signedIn(), 'lianyi:passes': JSON.stringify({ K7M2QX4P: booking }) }
  const phone = launch({ answers: { 'GET /bookings/K7M2QX4P': 'offline', 'GET /me': 'offline' }, storage })
  const page = await phone.open('pages/bookings/pass', { code: 'K7M2QX4P' })
  expect(page.find('booking-code').textContent).toContain('K7M2 QX4P')
  expect(page.find('qr').dataset.qr ?? page.find('qr').getAttribute('data-qr')).toBe('LY1.abc.k1.sig')
  expect(page.text()).toContain('没有网络，这是存在手机里的凭证')
})

test('scan: the camera is opened and its code leads to the check-in page', async () => {
  const phone = launch({ answers })
  await phone.open('pages/activities/scan')
  expect(phone.wx.called('scanCode')).toHaveLength(1)
  expect(phone.wx.called('redirectTo')[0].url).toBe('/pages/activities/check-in?activity=A1&c=A1.0Q7ABCDEFGHJK')
})

test('check-in: ticket first and without a token, the check-in on the tap, one sentence', async () => {
  const phone = launch({ answers, storage: signedIn() })
  const page = await phone.open('pages/activities/check-in', { activity: 'A1', c: 'A1.0Q7ABCDEFGHJK' })
  const [ticket] = phone.wx.requests().filter((r) => r.method === 'POST')
  expect(ticket).toMatchObject({ path: '/api/v1/activities/A1/scan-tickets', body: { qr: 'A1.0Q7ABCDEFGHJK' } })
  await page.tap('checkin-confirm')
  const checkIn = phone.wx.requests().find((r) => r.path.endsWith('/check-ins'))
  expect(checkIn.body).toMatchObject({ ticket: 'TICKET', method: 'code' })
  expect(checkIn.body.client_uuid).toMatch(/^[0-9a-f-]{36}$/)
  expect(page.find('checkin-result').textContent).toContain('已签到 20:00')
})

test('check-in without a network claims nothing as done', async () => {
  const phone = launch({ answers: { ...answers, 'POST /activities/A1/check-ins': 'offline' }, storage: signedIn() })
  const page = await phone.open('pages/activities/check-in', { activity: 'A1', c: 'A1.0Q7ABCDEFGHJK' })
  await page.tap('checkin-confirm')
  expect(page.find('checkin-result').textContent).toContain('还没签上')
  expect(page.find('checkin-result').textContent).not.toContain('已签到')
})

const entry = {
  id: 'W7K2QX4P', state: 'offered', service: { code: 'C1.shower', name: '冲凉', kind: 'unit' }, centre: { code: 'C1', name: '司机之家', place: '缓冲区' },
  start: START, until: END, minutes: 30, min_minutes: 30, zone: 'male', party_size: 1, joined_at: START, position: 1, ahead: 0,
  no_night_offers: false, lapses: 0, booking: null, told_by: 'message', log: [],
  offer: { start: START, end: END, unit: 'S2', answer_until: END, seconds_left: 480 },
}

test('a full start: consent for the wait-list is asked in the tap, then one entry, and its page', async () => {
  const full = { service: 'C1.shower', date: '2099-11-21', zone: 'male', minutes: 30, slots: [{ start: START, end: END, free: 0, capacity: 5 }], next_free: null }
  const more = { ...answers, 'GET /services/C1.shower/availability': { data: full }, 'POST /waitlist': { status: 201, data: { ...entry, state: 'waiting', offer: null } } }
  const phone = launch({ answers: more, storage: signedIn() })
  const page = await phone.open('pages/services/service', { code: 'C1.shower' })
  expect(page.text()).toContain('港口拥堵')
  await page.tap(`slot-${START}`)
  expect(page.find('wait-how').textContent).toContain('微信消息')
  await page.tap('wait-flex-60')
  await page.tap('join-wait')
  expect(phone.wx.called('requestSubscribeMessage').map((o) => o.tmplIds)).toEqual([['TMPL_BOOKED']])
  const joined = phone.wx.requests().find((r) => r.path === '/api/v1/waitlist' && r.method === 'POST')
  expect(joined.body).toMatchObject({ service: 'C1.shower', start: START, minutes: 30, until: '2099-11-21T21:30:00+08:00', zone: 'male', no_night_offers: false })
  expect(phone.wx.called('navigateTo')[0].url).toBe('/pages/bookings/waitlist?id=W7K2QX4P&fresh=1')
})

test('an offer: time left, and the tap that takes it leads to the pass', async () => {
  const more = { ...answers, 'GET /waitlist/W7K2QX4P': { data: entry }, 'POST /waitlist/W7K2QX4P/accept': { data: { ...entry, state: 'accepted', offer: null, booking: 'K7M2QX4P' } } }
  const phone = launch({ answers: more, storage: signedIn() })
  const page = await phone.open('pages/bookings/waitlist', { id: 'W7K2QX4P' })
  expect(page.find('time-left').textContent).toMatch(/还剩 (8 分 00|7 分 5\d) 秒/)
  await page.tap('accept-offer')
  expect(phone.wx.called('redirectTo')[0].url).toBe('/pages/bookings/pass?code=K7M2QX4P&fresh=offer')
  page.life.onUnload?.()
})

test('late: a conflict shows its choices, one tap takes one', async () => {
  const late = { ...booking, late: { minutes: 0, possible: true, max: 90 }, can_move: true, can_extend: false, calendar_url: '/x.ics' }
  const conflict = { status: 409, data: { code: 'late_conflict', message: '后面有人约了', details: { choices: [{ choice: 'other_unit', unit: 'S3', end: END }] } } }
  const answer = ({ data }) => (JSON.parse(data).choice ? { data: { ...late, unit: 'S3', late: { minutes: 20, possible: false, max: 90 } } } : conflict)
  const phone = launch({ answers: { ...answers, 'GET /bookings/K7M2QX4P': { data: late }, 'POST /bookings/K7M2QX4P/late': answer }, storage: signedIn() })
  const page = await phone.open('pages/bookings/pass', { code: 'K7M2QX4P' })
  await page.tap('late-open')
  await page.tap('late-20')
  await page.tap('late-submit')
  await page.tap('late-choice-other_unit')
  expect(phone.wx.requests().filter((r) => r.path.endsWith('/late')).map((r) => r.body)).toEqual([{ minutes: 20 }, { minutes: 20, choice: 'other_unit' }])
  expect(page.find('booked-note').textContent).toContain('换到 S3')
  page.life.onUnload?.()
})

test('the position is asked for by a tap only, and not kept', async () => {
  const two = { data: { items: [answers['GET /centres'].data.items[0], { ...answers['GET /centres'].data.items[0], code: 'C2', name: '码头服务站' }], total: 2 } }
  const phone = launch({ answers: { ...answers, 'GET /centres': two } })
  const page = await phone.open('pages/services/index')
  expect(phone.wx.called('getLocation')).toEqual([])
  await page.tap('by-distance')
  expect(phone.wx.called('getLocation')).toHaveLength(1)
  expect(phone.wx.requests().some((r) => r.path.includes('near=22.5712%2C114.2765'))).toBe(true)
  expect(JSON.stringify(phone.storage)).not.toContain('22.57')
})
