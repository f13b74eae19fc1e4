/** Ways between pages. */
const TABS = ['/pages/services/index', '/pages/activities/index', '/pages/ask/index', '/pages/me/index']

export function open(path: string, query: Record<string, string> = {}): void {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const url = parts.length ? `${path}?${parts.join('&')}` : path
  if (TABS.includes(path)) uni.switchTab({ url: path })
  else uni.navigateTo({ url })
}

export function replace(path: string, query: Record<string, string> = {}): void {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  uni.redirectTo({ url: parts.length ? `${path}?${parts.join('&')}` : path })
}

/** Back to where one came from; a page opened from a QR code has nothing behind it and goes to its tab. */
export function back(home = TABS[0]): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else uni.switchTab({ url: home })
}

/** A page's query value: the mini-program hands it over still encoded, the browser decoded. */
export function param(query: Record<string, string | undefined> | undefined, name: string): string {
  const raw = query?.[name] ?? ''
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

export function toast(title: string): void {
  uni.showToast({ title, icon: 'none', duration: 2500 })
}
