import { addDays, dateOf, localAt, offsetOf } from '@/time'

/** Times that staff type or choose at the desk, always in the centre's own time. */
export const isClock = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text)
export const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))

export const isoAt = (instant: number, offset: string): string => `${localAt(instant, offset)}${offset}`
export const atClock = (date: string, clock: string, offset: string): string => `${date}T${clock}:00${offset}`

/** 9:5 and 0905 are what hurried fingers type. */
export function tidyClock(text: string): string {
  const digits = text.trim().replace('：', ':')
  const found = /^(\d{1,2}):?(\d{2})$/.exec(digits)
  return found ? `${found[1].padStart(2, '0')}:${found[2]}` : digits
}

/** How long something shall last, as chips: minutes, "day" (to midnight) or "open" (until it is ended). */
export function endOf(choice: string, startIso: string): string | undefined {
  const offset = offsetOf(startIso)
  if (choice === 'open') return undefined
  if (choice === 'day') return atClock(addDays(dateOf(startIso), 1), '00:00', offset)
  return isoAt(Date.parse(startIso) + Number(choice) * 60_000, offset)
}

/** "09:00-18:00", "09:00-12:00,14:00-18:00", 全天 or 休息, as the server takes it; undefined where it is none of these. */
export function hoursOf(text: string): string | string[] | null | undefined {
  const told = text.trim().replace(/，|、/g, ',').replace(/[–—~至到]/g, '-').replace(/：/g, ':')
  if (told === '休息') return null
  if (told === '全天') return '00:00-24:00'
  const spans = told.split(',').map((part) => {
    const [opens, closes, ...rest] = part.split('-').map(tidyClock)
    const fits = isClock(opens ?? '') && (isClock(closes ?? '') || closes === '24:00') && !rest.length
    return fits ? `${opens}-${closes}` : ''
  })
  if (spans.some((span) => !span)) return undefined
  return spans.length === 1 ? spans[0] : spans
}

const DAY_NAMES: Record<string, string> = {
  default: '每天', workday: '工作日', restday: '休息日', holiday: '节假日',
  mon: '周一', tue: '周二', wed: '周三', thu: '周四', fri: '周五', sat: '周六', sun: '周日',
}

/** 工作日 09:00–18:00；休息日 休息 */
export function hoursText(hours: Record<string, string | string[] | null>): string {
  const one = (spans: string | string[] | null): string => {
    if (spans === null || (Array.isArray(spans) && !spans.length)) return '休息'
    return (Array.isArray(spans) ? spans : [spans]).map((span) => (span === '00:00-24:00' ? '全天' : span.replace('-', '–'))).join('、')
  }
  return Object.entries(hours)
    .map(([day, spans]) => `${DAY_NAMES[day] ?? day} ${one(spans)}`)
    .join('；')
}
