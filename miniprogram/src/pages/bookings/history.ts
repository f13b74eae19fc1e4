import type { BookingEvent } from '@/api/types'
import { bookingStates, zoneNames } from '@/text'
import { minutesText } from '@/time'

/** The history of a booking 经过, in words: who did what, when. */
const who: Record<BookingEvent['by'], string> = { me: '您', staff: '工作人员', system: '系统' }

const reasons: Record<string, string> = {
  by_centre: '因为中心',
  late: '临时取消',
  undo: '撤回了上一步',
  override: '工作人员特别安排',
  waived: '免记爽约',
  congestion: '拥堵期间，不记爽约',
  closure: '因为停用',
  closed: '因为停用',
  broken: '因为设施故障',
  cleaning: '因为要清洁',
  roster: '因为没有人值班',
  moved: '从原来的时间改过来',
  hours: '因为开放时间变了',
  offer: '候补等到的空位',
  waitlist: '候补等到的空位',
  pass: '出示凭证',
  offline: '断网时到场，联网后补记',
  walkin: '现场到店',
}

/** What a change that keeps the state was about: "late:40" → 晚到 40 分钟. */
function changeText(reason: string): string {
  const [name, value = '', rest = ''] = reason.split(':')
  if (name === 'late' && value) return `说了晚到 ${minutesText(Number(value))}${rest ? '，先留着剩下的时间' : ''}`
  if (name === 'extend') return `延长 ${minutesText(Number(value))}`
  if (name === 'unit' || name === 'settled') return `换到 ${value}`
  if (name === 'zone') return `换到${zoneNames[value] ?? value}`
  return reasons[name] ?? ''
}

const done: Record<string, string> = {
  requested: '提交了申请',
  confirmed: '约好了',
  checked_in: '到场',
  completed: '用完了',
  cancelled: '取消了',
  no_show: '过了保留时间没有到',
  moved: '改了时间',
  displaced: '位子用不了了',
  refused: '没有同意',
  lapsed: '没有及时答复，申请过期',
  overstayed: '超过了时间',
}

export function eventText(event: BookingEvent): string {
  const change = event.reason ? changeText(event.reason) : ''
  if (event.from === event.to) return change || '改动了'
  const base = event.from && event.reason?.startsWith('undo') ? `改回“${bookingStates[event.to] ?? event.to}”` : (done[event.to] ?? event.to)
  return change && !event.reason?.startsWith('undo') ? `${base}（${change}）` : base
}

export const eventBy = (event: BookingEvent): string => who[event.by] ?? ''
