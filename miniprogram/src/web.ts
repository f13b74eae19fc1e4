/** What only the browser needs. */

/** Enter and space press what says it is a button. */
export function pressWithKeys(): void {
  document.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement
    if (event.key !== 'Enter' && event.key !== ' ') return
    if (!['button', 'tab', 'switch', 'radio'].includes(target.getAttribute('role') ?? '')) return
    event.preventDefault()
    target.click()
  })
}

/** The built app stays on the phone, so that a pass opens without a network. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch((error) => console.warn('service worker refused', error))
  })
}

/** A typed or scanned address that leads to the page already shown, with another code: the router alone keeps the old. */
export function followTypedAddress(): void {
  window.addEventListener('popstate', (event) => {
    if (event.state !== null) return
    const url = location.hash.slice(1)
    const shown = getCurrentPages().slice(-1)[0]?.route
    if (shown && url.slice(1).split('?')[0] === shown) setTimeout(() => uni.reLaunch({ url }), 0)
  })
}

/** An old or mistyped address shows the first page instead of nothing. */
export function leaveUnknownAddress(): void {
  const known = (window as unknown as { __uniRoutes?: { path: string; alias?: string }[] }).__uniRoutes ?? []
  const path = location.hash.slice(1).split('?')[0]
  if (!path || known.some((route) => route.path === path || route.alias === path)) return
  history.replaceState(history.state, '', `${location.pathname}#/`)
}

const STATE = 'web-sign-in'

export const insideWeChat = (): boolean => /MicroMessenger/i.test(navigator.userAgent)

/** Off to WeChat's page. `state` is random, for this browser and once; the page we were on is kept for the way back. */
export function leaveForWebSignIn(url: string): void {
  const state = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  sessionStorage.setItem(STATE, state)
  location.href = `${url}${state}#wechat_redirect`
}

/** Back from WeChat's page: the code, only where `state` is the one this browser left with. Works once. */
export function takeWebSignInCode(): string | null {
  const query = new URLSearchParams(location.search)
  const [code, state] = [query.get('code'), query.get('state')]
  if (code === null || state === null) return null
  const mine = sessionStorage.getItem(STATE)
  sessionStorage.removeItem(STATE)
  history.replaceState(history.state, '', `${location.pathname}${location.hash}`)
  return mine !== null && mine === state ? code : null
}
