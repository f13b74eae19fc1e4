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
