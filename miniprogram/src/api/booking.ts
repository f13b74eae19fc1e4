import { get, post } from './client'
import type { Availability, BookIn, Booking, BookingDetail, Centre, Month, MoveIn, Notice, Page, Service, Zone } from './types'

/** `near` is used for this one answer; neither the phone nor the server keeps it. */
export const centres = (near?: string): Promise<Page<Centre>> => get('/centres', { per_page: 50, near })
export const centre = (code: string): Promise<Centre> => get(`/centres/${encodeURIComponent(code)}`)
export const servicesOf = (centre: string): Promise<Page<Service>> =>
  get(`/centres/${encodeURIComponent(centre)}/services`, { per_page: 100 })
export const service = (code: string): Promise<Service> => get(`/services/${encodeURIComponent(code)}`)
export const noticesOf = (centre: string): Promise<Page<Notice>> => get('/notices', { centre })

export const availability = (code: string, date: string, minutes?: number, zone?: Zone, accessible?: boolean): Promise<Availability> =>
  get(`/services/${encodeURIComponent(code)}/availability`, { date, minutes, zone, accessible: accessible ? 'true' : undefined })

export const month = (code: string, from: string, days: number, zone?: Zone, minutes?: number, accessible?: boolean): Promise<Month> =>
  get(`/services/${encodeURIComponent(code)}/availability/month`, { from, days, zone, minutes, accessible: accessible ? 'true' : undefined })

export const book = (wish: BookIn, key: string): Promise<Booking> => post('/bookings', { ...wish, client_uuid: key })
export const booking = (code: string): Promise<BookingDetail> => get(`/bookings/${code}`)
export const myBookings = (state: 'upcoming' | 'past'): Promise<Page<Booking>> =>
  get('/bookings', { mine: 1, state, per_page: 100 })

export const cancel = (code: string): Promise<Booking> => post(`/bookings/${code}/cancel`)
export const move = (code: string, wish: MoveIn, key: string): Promise<Booking> =>
  post(`/bookings/${code}/move`, { ...wish, client_uuid: key })
export const late = (code: string, minutes: number, choice?: 'other_unit' | 'shorten'): Promise<Booking> =>
  post(`/bookings/${code}/late`, choice ? { minutes, choice } : { minutes })
/** With the end that was on the screen: a tap that is sent twice extends once. */
export const extend = (code: string, minutes: number, seenEnd: string): Promise<Booking> =>
  post(`/bookings/${code}/extend`, { minutes, seen_end: seenEnd })
