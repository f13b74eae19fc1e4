import { get, post } from './client'
import type { Inbox, InboxItem } from './types'

export const inbox = (): Promise<Inbox> => get('/inbox', { per_page: 50 })
export const readInboxItem = (id: number): Promise<InboxItem> => post(`/inbox/${id}/read`)
export const useInvitation = (code: string): Promise<{ kind: string; name: string | null }> => post('/me/claims', { code })
