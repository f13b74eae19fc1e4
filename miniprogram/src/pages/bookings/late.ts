import type { BookingDetail, BookingView, LateChoice } from '@/api/types'
import { clockOf, minutesText, momentText, plusMinutes } from '@/time'

/** "I'm late" 我晚到了: how much, and what each choice means. */
const STEPS = [10, 20, 30, 45, 60, 90]

export const lateSteps = (max: number): number[] => STEPS.filter((minutes) => minutes <= max)

/** What the tap will do, said before it is done. */
export function lateSentence(booking: BookingView, minutes: number, now: number): string {
  const kept = plusMinutes(booking.grace_until, minutes)
  const end = plusMinutes(booking.end, minutes)
  return `位子为您留到 ${momentText(kept, now)}；后面没有人约，就用到 ${clockOf(end)}。`
}

/** What came of it. */
export function lateDone(before: BookingView, after: BookingView, now: number): string {
  const moved = after.unit && after.unit !== before.unit ? `换到 ${after.unit}，` : ''
  return `中心知道了。${moved}位子为您留到 ${momentText(after.grace_until, now)}，用到 ${clockOf(after.end)}。`
}

export function choiceText(choice: LateChoice, booking: BookingView): string {
  if (choice.choice === 'other_unit') return `换到 ${choice.unit}，用到 ${clockOf(choice.end)}`
  if (choice.choice === 'shorten') return `还用 ${booking.unit ?? '这里'}，到 ${clockOf(choice.end)} 为止（${minutesText(choice.minutes)}）`
  return '换个晚一点的时间'
}

/** The choices of a `late_conflict`, without those that are not there after all. */
export function lateChoices(details: Record<string, unknown>): LateChoice[] {
  const choices = Array.isArray(details.choices) ? (details.choices as LateChoice[]) : []
  return choices.filter((choice) => choice.choice !== 'later' || choice.alternatives.length > 0)
}

/** Said that one comes late, where somebody comes next, and nothing chosen yet: the choice is still open. */
export function isToBeChosen(booking: BookingDetail): boolean {
  const said = (booking.events ?? []).filter((event) => event.reason?.startsWith('late:'))
  return booking.state === 'confirmed' && Boolean(said[said.length - 1]?.reason?.endsWith(':rest'))
}

/** Choosing nothing keeps what remains of the stay. */
export function nothingChosen(details: Record<string, unknown>, booking: BookingView, now: number): string {
  const kept = typeof details.kept_until === 'string' ? details.kept_until : booking.grace_until
  return `什么都不选，位子为您留到 ${momentText(kept, now)}，用到原来的 ${clockOf(booking.end)}。`
}

/** The minutes one may extend by: a few steps of the service, as far as its longest stay. */
export function extendSteps(step: number, length: number, longest: number): number[] {
  const unit = Math.max(step, 5)
  return [1, 2, 3, 4].map((n) => n * unit).filter((minutes) => length + minutes <= longest)
}

export const lengthOf = (booking: { start: string; end: string }): number =>
  Math.round((Date.parse(booking.end) - Date.parse(booking.start)) / 60_000)

const LATE_CANCEL_MINUTES = 10

/** When cancelling begins to count, and what counting means. */
export function cancelSentence(booking: BookingView, now: number): string {
  if (booking.state === 'requested') return '还没有确认的申请，撤回不记什么。'
  if (booking.late_cancel) {
    const isNear = Date.parse(booking.start) - now < LATE_CANCEL_MINUTES * 60_000
    const why = isNear ? '离开始不到 10 分钟' : '原来的时间临到开始才改'
    return `${why}，现在取消记“临时取消”半次。这不是处罚：30 天内满 3 次，才会有 7 天只能现场来或约一小时内的。`
  }
  if (Date.parse(booking.start) <= now) return ''
  return `${clockOf(plusMinutes(booking.start, -LATE_CANCEL_MINUTES))} 前取消什么都不记。`
}
