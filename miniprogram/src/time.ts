/**
 * Times are shown as the server wrote them: the digits of its ISO string, in the centre's own offset, never converted
 * to the phone's zone. Only "today" and "how long" need the present instant.
 */
const WEEKDAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']
const DISTRICT_OFFSET = '+08:00'

/** An instant without a place (a message, an entry) comes in UTC and is shown on the district's clock. */
function placed(iso: string): string {
  return /(Z|\+00:00)$/.test(iso) ? `${localAt(Date.parse(iso))}${DISTRICT_OFFSET}` : iso
}

export const dateOf = (iso: string): string => placed(iso).slice(0, 10)
export const clockOf = (iso: string): string => placed(iso).slice(11, 16)

export function offsetOf(iso: string): string {
  const found = /([+-]\d{2}:?\d{2})$/.exec(placed(iso))
  if (!found) return DISTRICT_OFFSET
  return found[1].includes(':') ? found[1] : `${found[1].slice(0, 3)}:${found[1].slice(3)}`
}

function offsetMs(offset: string): number {
  const sign = offset.startsWith('-') ? -1 : 1
  const [hours, minutes] = offset.slice(1).split(':').map(Number)
  return sign * (hours * 60 + minutes) * 60_000
}

/** The local date and clock at an instant, in an offset, as "YYYY-MM-DDTHH:MM:SS". */
export function localAt(instant: number, offset: string = DISTRICT_OFFSET): string {
  return new Date(instant + offsetMs(offset)).toISOString().slice(0, 19)
}

export const todayIn = (instant: number, offset: string = DISTRICT_OFFSET): string => localAt(instant, offset).slice(0, 10)

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

export const weekdayOf = (date: string): string => WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]
export const shortDate = (date: string): string => `${Number(date.slice(5, 7))}月${Number(date.slice(8, 10))}日`

/** 今天 / 明天 / 后天 / 周三 11月25日 */
export function dayLabel(date: string, today: string): string {
  const names = ['今天', '明天', '后天']
  for (let days = 0; days < names.length; days += 1) if (addDays(today, days) === date) return names[days]
  if (addDays(today, -1) === date) return '昨天'
  return `${weekdayOf(date)} ${shortDate(date)}`
}

export function dayOf(iso: string, now: number): string {
  return dayLabel(dateOf(iso), todayIn(now, offsetOf(iso)))
}

/** 今天 20:00 */
export const momentText = (iso: string, now: number): string => `${dayOf(iso, now)} ${clockOf(iso)}`

/** 20:00–20:30, or 22:00–次日 06:00 */
export function spanText(start: string, end: string): string {
  const nextDay = dateOf(end) > dateOf(start) && clockOf(end) !== '00:00'
  const until = clockOf(end) === '00:00' && dateOf(end) > dateOf(start) ? '24:00' : clockOf(end)
  return `${clockOf(start)}–${nextDay ? '次日 ' : ''}${until}`
}

export function minutesText(minutes: number): string {
  if (minutes < 60) return `${minutes} 分钟`
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  if (!rest) return `${hours} 小时`
  return rest === 30 ? `${hours} 个半小时` : `${hours} 小时 ${rest} 分`
}

/** 还有 2 小时 10 分 / 还有 3 天 */
export function untilText(iso: string, now: number): string {
  const minutes = Math.ceil((Date.parse(iso) - now) / 60_000)
  if (minutes <= 0) return '时间到了'
  if (minutes < 60) return `还有 ${minutes} 分钟`
  if (minutes < 24 * 60) {
    const rest = minutes % 60
    return `还有 ${Math.floor(minutes / 60)} 小时${rest ? ` ${rest} 分` : ''}`
  }
  return `还有 ${Math.floor(minutes / (24 * 60))} 天`
}

/** The end of a start plus minutes, in the start's own offset: 2026-11-21T20:15:00+08:00 */
export function plusMinutes(iso: string, minutes: number): string {
  const offset = offsetOf(iso)
  return `${localAt(Date.parse(iso) + minutes * 60_000, offset)}${offset}`
}

export function partOfDay(iso: string): '凌晨' | '上午' | '下午' | '晚上' {
  const hour = Number(iso.slice(11, 13))
  if (hour < 6) return '凌晨'
  if (hour < 12) return '上午'
  return hour < 18 ? '下午' : '晚上'
}
