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

/** A typed address, or a scanned one, that leads to the same page with another code: the router alone would keep the old. */
export function followTypedAddress(): void {
  window.addEventListener('popstate', (event) => {
    if (event.state !== null) return
    const shown = getCurrentPages().slice(-1)[0]?.route
    if (shown && location.hash.slice(2).split('?')[0] === shown) location.reload()
  })
}
