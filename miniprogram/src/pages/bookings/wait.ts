import type { Entry, Offer, OfferLine, WaitState } from '@/api/types'
import { clockOf, minutesText, momentText, plusMinutes, spanText } from '@/time'

/** Words and figures of the wait-list 候补. */
export const waitStates: Record<WaitState, string> = {
  waiting: '候补中',
  offered: '有空位了',
  accepted: '已约到',
  declined: '没有要',
  lapsed: '已结束',
  cancelled: '已退出',
  served: '已约到',
}

const OFFER_MINUTES = 10
const OFFER_MINUTES_AT_NIGHT = 20

/** 22:00–07:00 an offer stands longer. */
export function offerMinutes(clock: string): number {
  return clock >= '22:00' || clock < '07:00' ? OFFER_MINUTES_AT_NIGHT : OFFER_MINUTES
}

export const nightText = '22:00–07:00'

/** One sentence of where one stands. */
export function positionText(entry: Entry): string {
  if (entry.state === 'offered') return '空位已经为您留着，等您回答'
  if (entry.position === null) return waitStates[entry.state]
  return entry.ahead === 0 ? '您排在最前面，有空位先问您' : `前面还有 ${entry.ahead} 位`
}

/** How an entry that is over ended, and what one may do now. */
export function endText(entry: Entry): string {
  const sentences: Partial<Record<WaitState, string>> = {
    accepted: '位子是您的了，凭证在预约里。',
    served: '您已经约到了这段时间的位子，候补到此结束。',
    declined: '位子让给了下一位。还想等，可以再排，从队尾开始。',
    cancelled: '您已经退出候补。还想等，可以再排，从队尾开始。',
    lapsed: entry.lapses >= 2 ? '两次空位都没有等到您的回答，候补到此结束。还想等，可以再排。' : '想要的时间已经过了，这次没有等到空位。',
  }
  return sentences[entry.state] ?? ''
}

/** After a first lapse the place is kept once. */
export function lapseText(entry: Entry): string {
  return entry.lapses === 1 && entry.state === 'waiting' ? '上一个空位没有等到您的回答，位次为您保留了一次。' : ''
}

/** 今天 20:00–20:30，最晚到 22:00，最少 20 分钟 */
export function wishText(entry: Entry, now: number): string {
  const parts = [`${momentText(entry.start, now)} 起 ${minutesText(entry.minutes)}`]
  if (Date.parse(entry.until) > Date.parse(plusMinutes(entry.start, entry.minutes))) parts.push(`最晚到 ${clockOf(entry.until)}`)
  if (entry.min_minutes < entry.minutes) parts.push(`最少 ${minutesText(entry.min_minutes)}`)
  return parts.join('，')
}

/** The seconds left to answer, counted on from when the server said how many: the phone's clock may be wrong. */
export function secondsLeft(offer: Offer, heardAt: number, now: number): number {
  return Math.max(0, Math.floor(offer.seconds_left - (now - heardAt) / 1000))
}

/** How much of the time to answer is left, from 1 to 0, for the bar. */
export function shareLeft(entry: Entry, seconds: number): number {
  const mine = [...(entry.log ?? [])].reverse().find((line) => line.mine && line.until)
  const given = mine?.until ? (Date.parse(mine.until) - Date.parse(mine.at)) / 1000 : 0
  const whole = given > 0 ? given : (entry.offer ? offerMinutes(clockOf(entry.offer.answer_until)) : OFFER_MINUTES) * 60
  return Math.min(1, seconds / whole)
}

/** 9 分 05 秒 */
export function countdownText(seconds: number): string {
  const rest = String(seconds % 60).padStart(2, '0')
  return seconds >= 60 ? `${Math.floor(seconds / 60)} 分 ${rest} 秒` : `${seconds} 秒`
}

const outcomes: Record<OfferLine['state'], string> = {
  offered: '等回答',
  accepted: '要了',
  declined: '没要，让给下一位',
  lapsed: '没有回答，让给下一位',
  withdrawn: '空位被收回',
}

/** 22:30–23:00 的空位 · 问了您 · 没有回答 — never with a name. */
export function logText(line: OfferLine): string {
  const who = line.mine ? '问了您' : '问了另一位'
  const until = line.state === 'offered' && line.until ? `，到 ${clockOf(line.until)}` : ''
  return `${spanText(line.start, line.end)} 的空位 · ${who} · ${outcomes[line.state]}${until}`
}

/** The live entry to show first: an offer that runs out soonest, else the nearest wish. */
export function mostUrgent(entries: Entry[]): Entry | null {
  const live = entries.filter((entry) => entry.state === 'offered' || entry.state === 'waiting')
  const by = (entry: Entry) => (entry.offer ? Date.parse(entry.offer.answer_until) : Date.parse(entry.start) + 10 ** 12)
  return live.sort((a, b) => by(a) - by(b))[0] ?? null
}

/** The windows one may allow: at that time only, or up to so much later. */
export const FLEXIBLE_MINUTES = [0, 60, 120, 240]

export function flexText(start: string, minutes: number, more: number): string {
  return more === 0 ? '就这个时间' : `到 ${clockOf(plusMinutes(start, minutes + more))} 前都行`
}

/** The lengths one may put up with, longest first; the wished one is the first. */
export function leastLengths(lengths: number[], wished: number): number[] {
  return lengths.filter((length) => length <= wished).reverse().slice(0, 4)
}
