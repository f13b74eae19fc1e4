import { SERVER } from '@/api/client'
import type { BookingView } from '@/api/types'

/** Known in the mini-program only; uni-app has no name for it. */
declare const wx: { addPhoneCalendar(options: object): void }

/** Puts a booking into the phone's calendar: a file to open in the browser, WeChat's own way in the mini-program. */
export function addToCalendar(booking: BookingView): void {
  // #ifdef H5
  location.href = `${SERVER}${booking.calendar_url}`
  // #endif
  // #ifdef MP-WEIXIN
  wx.addPhoneCalendar({
    title: `${booking.service.name}（${booking.centre.name}）`,
    startTime: Date.parse(booking.start) / 1000,
    endTime: Date.parse(booking.end) / 1000,
    location: booking.centre.place,
    description: `预约码 ${booking.code}`,
    alarmOffset: 3600,
  })
  // #endif
}
