import type { Notice } from '@/api/types'
import { momentText } from '@/time'

/** 明天 08:00 起，到 12:00 / 到今天 22:00 */
export function noticeTime(notice: Notice, now: number): string {
  const starts = Date.parse(notice.from) > now ? `${momentText(notice.from, now)} 起` : ''
  const ends = notice.until ? `到 ${momentText(notice.until, now)}` : ''
  return [starts, ends].filter(Boolean).join('，')
}
