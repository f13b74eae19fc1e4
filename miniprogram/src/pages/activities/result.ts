import type { CheckInResult } from '@/api/types'
import { clockOf } from '@/time'

export interface ResultSentence {
  sign: '✓' | '？' | '✗'
  mark: 'ok' | 'warn' | 'stop'
  text: string
  next: string
}

const REVIEW_REASONS: Record<string, string> = {
  shared_device: '这部手机已经替别人签过到，请主办人确认一下就行。',
}

/** One clear sentence after a scan; what is not certain yet is never said to be done. */
export function resultSentence(result: CheckInResult): ResultSentence {
  const reasons = result.reasons.map((reason) => REVIEW_REASONS[reason]).filter(Boolean)
  if (result.grade === 'review' || result.grade === 'provisional') {
    return { sign: '？', mark: 'warn', text: '收到了，等主办人确认', next: reasons[0] ?? '主办人确认后就算签到。' }
  }
  if (result.grade !== 'accepted') {
    return { sign: '✗', mark: 'stop', text: '这次没有算签到', next: '请找主办人点名登记。' }
  }
  const late = result.state === 'late'
  if (result.repeat) return { sign: '✓', mark: 'ok', text: `已经签过了 ${clockOf(result.at)}`, next: '不用再扫。' }
  return { sign: '✓', mark: 'ok', text: `已签到 ${clockOf(result.at)}`, next: late ? '晚到了一会儿，照样算到。' : '' }
}
