/**
 * The built mini-program without WeChat: miniprogram-simulate renders its pages, a stubbed wx stands for the phone.
 * Every call of wx is kept, so that a test can say what the page asked of the phone.
 */
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../../dist/build/mp-weixin')

function makeWx({ answers, storage, scanned }) {
  const calls = []
  const note = (name, options) => {
    calls.push({ name, options })
    return options
  }
  const succeed = (name, value) => (options = {}) => {
    note(name, options)
    const result = typeof value === 'function' ? value(options) : value
    options.success?.(result)
    options.complete?.(result)
    return Promise.resolve(result)
  }
  const wx = {
    calls,
    called: (name) => calls.filter((call) => call.name === name).map((call) => call.options),
    requests: () => wx.called('request').map(({ method, url, data, header }) => ({
      method: method ?? 'GET',
      path: url.replace(/^https?:\/\/[^/]+/, ''),
      body: data ? JSON.parse(data) : undefined,
      header,
    })),
    request(options) {
      note('request', options)
      const url = options.url.replace(/^https?:\/\/[^/]+\/api\/v1/, '').split('?')[0]
      const found = answers[`${options.method ?? 'GET'} ${url}`]
      const answer = typeof found === 'function' ? found(options) : found
      setTimeout(() => {
        if (answer === 'offline') options.fail?.({ errMsg: 'request:fail' })
        else if (!answer) options.success?.({ statusCode: 404, data: { code: 'not_found', message: '没有' }, header: {} })
        else options.success?.({ statusCode: answer.status ?? 200, data: answer.data, header: {} })
        options.complete?.({})
      }, 0)
      return { abort() {} }
    },
    login: succeed('login', { code: 'wx-code-1', errMsg: 'login:ok' }),
    scanCode: succeed('scanCode', { result: scanned }),
    requestSubscribeMessage: succeed('requestSubscribeMessage', (options) =>
      Object.fromEntries(options.tmplIds.map((id) => [id, 'accept'])),
    ),
    navigateTo: succeed('navigateTo', {}),
    navigateBack: succeed('navigateBack', {}),
    redirectTo: succeed('redirectTo', {}),
    switchTab: succeed('switchTab', {}),
    showToast: succeed('showToast', {}),
    makePhoneCall: succeed('makePhoneCall', {}),
    getLocation: succeed('getLocation', { latitude: 22.571234567, longitude: 114.2765432 }),
    setKeepScreenOn: succeed('setKeepScreenOn', {}),
    pageScrollTo: succeed('pageScrollTo', {}),
    getNetworkType: succeed('getNetworkType', { networkType: 'wifi' }),
    onNetworkStatusChange: () => undefined,
    getStorageSync: (key) => storage[key] ?? '',
    setStorageSync: (key, value) => {
      note('setStorageSync', { key, value })
      storage[key] = value
    },
    setStorage: succeed('setStorage', {}),
    removeStorageSync: (key) => {
      note('removeStorageSync', { key })
      delete storage[key]
    },
    getSystemInfoSync: () => ({ platform: 'devtools', language: 'zh_CN', fontSizeSetting: 16, windowWidth: 390, pixelRatio: 2, theme: 'light', version: '8.0.50', SDKVersion: '3.5.0' }),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid' } }),
    getMenuButtonBoundingClientRect: () => ({ top: 4, height: 32, width: 87, right: 380, left: 293, bottom: 36 }),
    getLaunchOptionsSync: () => ({}),
    getEnterOptionsSync: () => ({}),
    canIUse: () => true,
    onAppShow: () => undefined,
    onAppHide: () => undefined,
    nextTick: (work) => setTimeout(work, 0),
    createSelectorQuery: () => ({ in: () => ({}) }),
    getLocale: () => 'zh_CN',
  }
  for (const name of ['getAppBaseInfo', 'getDeviceInfo', 'getWindowInfo', 'getSystemSetting', 'getAppAuthorizeSetting']) {
    wx[name] = wx.getSystemInfoSync
  }
  return wx
}

/** Starts the app afresh, as a new launch on a phone with this storage. */
function launch({ answers = {}, storage = {}, scanned = 'https://example.test/q/checkin/A1.0Q7ABCDEFGHJK' } = {}) {
  jest.resetModules()
  document.body.innerHTML = ''
  const simulate = require('miniprogram-simulate')
  const stubbed = makeWx({ answers, storage, scanned })
  // simulate brings a wx of its own with getters only; the product sees ours
  Object.defineProperty(global, 'wx', { value: stubbed, configurable: true, writable: true })
  global.App = (options) => {
    global.__app = options
    options.onLaunch?.call(options, {})
    return options
  }
  global.getApp = () => global.__app ?? {}
  global.getCurrentPages = () => [{ route: 'pages/services/index' }]
  global.Page = (options) => global.Component(options)
  require(path.join(ROOT, 'app.js'))

  async function open(page, query = {}) {
    const shown = simulate.render(simulate.load(path.join(ROOT, page), 'main', { rootPath: ROOT, compiler: 'official' }))
    const parent = document.createElement('parent-wrapper')
    document.body.appendChild(parent)
    shown.attach(parent)
    const life = shown.instance
    life.onLoad?.(query)
    life.onShow?.()
    life.onReady?.()
    await settle()
    return {
      text: () => parent.textContent.replace(/\s+/g, ' '),
      find: (testid) => parent.querySelector(`[data-testid="${testid}"]`),
      tap: (testid) => tap(parent, testid),
      life,
    }
  }
  return { wx: stubbed, storage, open }
}

/** A tap as the phone would report it, on the element with this testid. */
async function tap(parent, testid) {
  const exparser = require('miniprogram-exparser')
  const element = parent.querySelector(`[data-testid="${testid}"]`)
  if (!element) throw new Error(`nothing to tap: ${testid}`)
  const event = exparser.Event.create('tap', {}, { bubbles: true, composed: true, extraFields: { touches: [], changedTouches: [] } })
  exparser.Event.dispatchEvent(element.__wxElement, event)
  await settle()
}

async function settle(times = 12) {
  for (let n = 0; n < times; n += 1) await new Promise((done) => setTimeout(done, 5))
}

module.exports = { ROOT, launch, settle }
