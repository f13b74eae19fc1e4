import type { Noted } from './desk'

/** What is said once an arrival lies (or could not be laid) in this device's storage. Never "done" before the server said so. */
export function arrivedText(noted: Noted): string {
  if (noted === 'noted') return '已登记，等待上传'
  if (noted === 'already') return '已经登记过，等待上传'
  return '这台设备存不下，没有登记成。请先记在纸上。'
}

export const closureKinds: Record<string, string> = { broken: '坏了', cleaning: '清洁', closed: '停用' }
export const noticeKinds: Record<string, string> = { congestion: '拥堵', closure: '停业', hours: '时间调整' }
export const noteKinds: Record<string, string> = { note: '记事', lost_property: '失物', handover: '交接' }
export const markKinds: Record<string, string> = { no_show: '约了没来', late_cancel: '临时取消' }
