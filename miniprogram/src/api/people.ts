import { get, post } from './client'
import type { Inbox, InboxItem, Mark, Marks } from './types'

export const inbox = (): Promise<Inbox> => get('/inbox', { per_page: 50 })
export const readInboxItem = (id: number): Promise<InboxItem> => post(`/inbox/${id}/read`)
export const useInvitation = (code: string): Promise<{ kind: string; name: string | null }> => post('/me/claims', { code })

export const marks = (): Promise<Marks> => get('/me/marks')
export const contest = (id: number, text: string): Promise<Mark> => post(`/me/marks/${id}/contest`, { text })
export const calendarFeed = (): Promise<{ url: string }> => get('/me/calendar')
export const renewCalendarFeed = (): Promise<{ url: string }> => post('/me/calendar/renew')
