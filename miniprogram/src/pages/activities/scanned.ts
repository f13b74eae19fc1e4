/** What a scanner may hand over: the whole address, the H5 page's address, or the payload alone. */
export interface Scanned {
  activity: string
  payload: string
}

export function readScan(text: string): Scanned | null {
  const trimmed = text.trim()
  const path = /\/q\/checkin\/([^/?#\s]+)/.exec(trimmed)
  const query = /[?&]c=([^&#\s]+)/.exec(trimmed)
  const payload = decode(path?.[1] ?? query?.[1] ?? trimmed)
  const dot = payload.lastIndexOf('.')
  if (dot < 1 || dot === payload.length - 1 || /[\s/]/.test(payload)) return null
  return { activity: payload.slice(0, dot), payload }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
