import { newUuid } from '@/ids'
import { net } from '@/state/net'
import { read, write } from '@/state/storage'
import { ApiError, SignInDeclined } from './errors'

/** The H5 app is served by the server itself; the mini-program needs its address. */
function serverAddress(): string {
  // #ifndef H5
  return import.meta.env.VITE_API_BASE || 'http://127.0.0.1:8000'
  // #endif
  // #ifdef H5
  return ''
  // #endif
}
export const SERVER = serverAddress()
const TIMEOUT_MS = 12_000

type Write = 'POST' | 'PATCH' | 'PUT' | 'DELETE'
type Method = 'GET' | Write
type Extra = Record<string, string>
type Query = Record<string, string | number | undefined>

/** What the client needs of the session; set once at start so that neither imports the other. */
interface SessionPort {
  token(): string | null
  forget(token: string): void
  ask(): Promise<boolean>
}

let session: SessionPort = { token: () => null, forget: () => undefined, ask: () => Promise.resolve(false) }

export function useSessionPort(port: SessionPort): void {
  session = port
}

/** Random, kept on this device: one device, one person per activity. */
export function deviceId(): string {
  const kept = read<string>('device')
  if (kept) return kept
  const fresh = newUuid()
  write('device', fresh)
  return fresh
}

export function withQuery(path: string, query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return parts.length ? `${path}?${parts.join('&')}` : path
}

function exchange<T>(method: Method, path: string, body: unknown, token: string | null, extra: Extra = {}): Promise<T> {
  const header: Record<string, string> = { Accept: 'application/json', 'X-Device-Id': deviceId(), ...extra }
  if (token) header.Authorization = `Bearer ${token}`
  if (method !== 'GET') header['Content-Type'] = 'application/json'
  return new Promise<T>((resolve, reject) => {
    uni.request({
      url: `${SERVER}/api/v1${path}`,
      // uni-app's list of methods lacks PATCH, its platforms do not
      method: method as 'GET',
      data: body === undefined ? undefined : JSON.stringify(body),
      header,
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data }) => {
        net.online = true
        if (statusCode >= 200 && statusCode < 300) resolve(data as T)
        else reject(ApiError.from(statusCode, data))
      },
      fail: () => {
        net.online = false
        reject(ApiError.network())
      },
    })
  })
}

/** Reads never ask for sign-in: an expired token is dropped and the page shows what a guest may see. */
export async function get<T>(path: string, query: Query = {}, extra: Extra = {}): Promise<T> {
  const token = session.token()
  try {
    return await exchange<T>('GET', withQuery(path, query), undefined, token, extra)
  } catch (error) {
    if (!token || !(error instanceof ApiError) || error.status !== 401) throw error
    session.forget(token)
    return exchange<T>('GET', withQuery(path, query), undefined, null, extra)
  }
}

/** A write asks for sign-in first when nobody is signed in, and once more when the server no longer knows the token. */
export async function send<T>(method: Write, path: string, body: unknown = {}, extra: Extra = {}): Promise<T> {
  if (!session.token() && !(await session.ask())) throw new SignInDeclined()
  const token = session.token()
  try {
    return await exchange<T>(method, path, body, token, extra)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    if (token) session.forget(token)
    if (!(await session.ask())) throw new SignInDeclined()
    return exchange<T>(method, path, body, session.token(), extra)
  }
}

export const post = <T>(path: string, body: unknown = {}): Promise<T> => send<T>('POST', path, body)

/** A POST that never opens the sign-in page: what a guest may do, and what runs in the background. */
export async function postAsGuest<T>(path: string, body: unknown, extra: Extra = {}): Promise<T> {
  const token = session.token()
  try {
    return await exchange<T>('POST', path, body, token, extra)
  } catch (error) {
    if (!token || !(error instanceof ApiError) || error.status !== 401) throw error
    session.forget(token)
    return exchange<T>('POST', path, body, null, extra)
  }
}
