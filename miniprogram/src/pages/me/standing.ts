import type { Mark, Marks } from '@/api/types'
import { dateOf, momentText, shortDate } from '@/time'

/** 爽约记录 in words: what counts, until when, and what one may do. Never a threat. */
export const markKinds: Record<Mark['kind'], string> = { no_show: '没有到', late_cancel: '临时取消' }

export const countText = (counts: number): string => (counts === 0.5 ? '半次' : `${counts} 次`)

export function markText(mark: Mark): string {
  if (mark.waived_at) return `已免记${mark.waive_reason ? `：${mark.waive_reason}` : ''}`
  return `记${mark.counts === 0.5 ? '' : ' '}${countText(mark.counts)}，${shortDate(dateOf(mark.expires_at))} 自动消掉`
}

export function contestText(mark: Mark): string {
  if (mark.waived_at || !mark.contested_at) return ''
  if (mark.decided_at) return `中心看过了，还是记着${mark.keep_reason ? `：${mark.keep_reason}` : '。'}`
  return '您说明过了，中心会看，结果写在“消息”里。'
}

/** What the sum means today. */
export function sumText(marks: Marks, now: number): string {
  if (marks.restricted_until) {
    return `到 ${momentText(marks.restricted_until, now)}，可以直接来，也可以约一小时内的；过夜休息照常约。之后自动恢复。`
  }
  if (!marks.sum) return '没有记着的。去不了的话，开始 10 分钟前取消，什么都不记。'
  return `30 天内满 ${marks.limit} 次，会有 7 天只能直接来或约一小时内的；过夜休息不受影响。`
}
