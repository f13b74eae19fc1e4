import type { Notice, Service } from '@/api/types'
import { momentText } from '@/time'

/** 明天 08:00 起，到 12:00 / 到今天 22:00 */
export function noticeTime(notice: Notice, now: number): string {
  const starts = Date.parse(notice.from) > now ? `${momentText(notice.from, now)} 起` : ''
  const ends = notice.until ? `到 ${momentText(notice.until, now)}` : ''
  return [starts, ends].filter(Boolean).join('，')
}

/** 停用：检修，到 明天 12:00；之后照常 — for each time the whole service is closed. */
export function closedLines(service: Service, now: number): string[] {
  return service.closed.map((closed) => {
    const starts = Date.parse(closed.from) > now ? `${momentText(closed.from, now)} 起停用` : '现在停用'
    const ends = closed.until ? `，到 ${momentText(closed.until, now)}` : '，恢复时间还没定'
    return `${starts}${ends}${closed.reason ? `（${closed.reason}）` : ''}。别的时间照常约。`
  })
}
