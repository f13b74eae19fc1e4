import { get, post, send } from './client'
import type { Entry, Page, WaitIn } from './types'

export const join = (wish: WaitIn, key: string): Promise<Entry> => post('/waitlist', { ...wish, client_uuid: key })
export const mine = (): Promise<Page<Entry>> => get('/waitlist', { mine: 1 })
export const entry = (id: string): Promise<Entry> => get(`/waitlist/${id}`)
export const accept = (id: string): Promise<Entry> => post(`/waitlist/${id}/accept`)
export const decline = (id: string): Promise<Entry> => post(`/waitlist/${id}/decline`)
export const leave = (id: string): Promise<Entry> => post(`/waitlist/${id}/cancel`)
export const setNights = (id: string, noNightOffers: boolean): Promise<Entry> =>
  send('PATCH', `/waitlist/${id}`, { no_night_offers: noNightOffers })
