import { get, post, postAsGuest } from './client'
import type { Activity, Attendance, CheckInResult, DisplayCode, Page, ScanTicket } from './types'

const path = (code: string) => `/activities/${encodeURIComponent(code)}`

export const activities = (query: Record<string, string | number>): Promise<Page<Activity>> =>
  get('/activities', { per_page: 50, ...query })
export const activity = (code: string): Promise<Activity> => get(path(code))
export const register = (code: string, key: string): Promise<unknown> =>
  post(`${path(code)}/registrations`, { client_uuid: key })
export const cancelRegistration = (code: string): Promise<unknown> => post(`${path(code)}/registrations/cancel`)
export const askLeave = (code: string, kind: string, reason: string, key: string): Promise<unknown> =>
  post(`${path(code)}/leave`, { reason_kind: kind, ...(reason ? { reason } : {}), client_uuid: key })
export const displayCode = (code: string): Promise<DisplayCode> => get(`${path(code)}/display-code`)
export const scanTicket = (code: string, qr: string): Promise<ScanTicket> =>
  postAsGuest(`${path(code)}/scan-tickets`, { qr })
export const checkIn = (code: string, ticket: string, key: string): Promise<CheckInResult> =>
  post(`${path(code)}/check-ins`, { ticket, method: 'code', client_uuid: key })

/** The whole list of one activity, page by page. */
export async function attendance(code: string): Promise<Attendance> {
  const page = (n: number) => get<Attendance>(`${path(code)}/attendance`, { page: n, per_page: 100 })
  const first = await page(1)
  const items = [...first.items]
  for (let n = 2; items.length < first.total && n <= 20; n += 1) {
    const more = (await page(n)).items
    if (!more.length) break
    items.push(...more)
  }
  return { ...first, items }
}
