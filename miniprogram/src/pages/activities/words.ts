import type { Activity } from '@/api/types'
import { registrationStates } from '@/text'
import { clockOf, momentText } from '@/time'

export const leaveReasons = [
  { value: 'sick', label: '身体原因' },
  { value: 'work', label: '工作冲突' },
  { value: 'family', label: '家庭原因' },
  { value: 'travel', label: '外出' },
  { value: 'other', label: '其他' },
]

export const audienceNames: Record<string, string> = { members: '党员参加', open: '都可以来', invited: '受邀参加' }

export const isIn = (activity: Activity): boolean =>
  Boolean(activity.mine?.checked_in_at) || ['attended', 'late'].includes(activity.mine?.registration ?? '')
export const isRegistered = (activity: Activity): boolean => activity.mine?.registration === 'registered'
export const checkInOpen = (activity: Activity): boolean => ['check_in_open', 'running'].includes(activity.phase)
export const takesPlace = (activity: Activity): boolean => !['cancelled', 'postponed', 'draft'].includes(activity.state)

/** The one thing worth saying about an activity, and how it is marked. */
export function statusOf(activity: Activity): { word: string; mark: '' | 'ok' | 'warn' | 'stop' | 'job' } {
  if (activity.state === 'cancelled') return { word: '已取消', mark: 'stop' }
  if (activity.state === 'postponed') return { word: '已延期', mark: 'warn' }
  if (isIn(activity)) return { word: '已签到', mark: 'ok' }
  const mine = activity.mine?.registration
  if (activity.phase === 'ended') return { word: mine ? (registrationStates[mine] ?? '已结束') : '已结束', mark: '' }
  if (activity.mine?.leave) return { word: activity.mine.leave === 'approved' ? '已请假' : '请假待批', mark: 'warn' }
  if (mine && mine !== 'cancelled' && mine !== 'registered') return { word: registrationStates[mine] ?? mine, mark: 'warn' }
  if (checkInOpen(activity)) return { word: '正在签到', mark: 'job' }
  if (mine === 'registered') return { word: '已报名', mark: 'ok' }
  return activity.registration.open ? { word: '可报名', mark: '' } : { word: '未开放报名', mark: '' }
}

/** What became of the leave one asked for; who can come after all is welcome. */
export function leaveSentence(activity: Activity): string {
  if (!activity.mine?.leave || isIn(activity)) return ''
  if (activity.mine.leave === 'approved') return '请假已批准。能来的话照样可以签到。'
  return '请假已提交，等书记批，结果会在“消息”里告诉您。能来的话照样可以签到。'
}

/** What check-in says about itself before and after it is open. */
export function checkInSentence(activity: Activity, now: number): string {
  const at = activity.mine?.checked_in_at
  if (at) return `已签到 ${clockOf(at)}`
  if (checkInOpen(activity)) return `正在签到，到 ${clockOf(activity.check_in_closes)} 为止。扫现场大屏上的码。`
  if (activity.phase === 'ended') return '签到已结束。'
  return `${momentText(activity.check_in_opens, now)} 开始签到。`
}
