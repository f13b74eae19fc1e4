import { get, post } from './client'
import type { Availability, BookIn, Booking, Centre, Month, Page, Service, Zone } from './types'

export const centres = (): Promise<Page<Centre>> => get('/centres', { per_page: 50 })
export const servicesOf = (centre: string): Promise<Page<Service>> =>
  get(`/centres/${encodeURIComponent(centre)}/services`, { per_page: 100 })
export const service = (code: string): Promise<Service> => get(`/services/${encodeURIComponent(code)}`)

export const availability = (code: string, date: string, minutes?: number, zone?: Zone): Promise<Availability> =>
  get(`/services/${encodeURIComponent(code)}/availability`, { date, minutes, zone })

export const month = (code: string, from: string, days: number, zone?: Zone): Promise<Month> =>
  get(`/services/${encodeURIComponent(code)}/availability/month`, { from, days, zone })

export const book = (wish: BookIn, key: string): Promise<Booking> => post('/bookings', { ...wish, client_uuid: key })
export const cancel = (code: string): Promise<Booking> => post(`/bookings/${code}/cancel`)
export const booking = (code: string): Promise<Booking> => get(`/bookings/${code}`)
export const myBookings = (state: 'upcoming' | 'past'): Promise<Page<Booking>> =>
  get('/bookings', { mine: 1, state, per_page: 100 })
