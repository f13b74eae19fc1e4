import type { DisplayCode, QrStep } from '@/api/types'

/** The steps the projector holds: the present one and the next fifteen, so that five minutes pass without a network. */
export interface Rotation {
  steps: QrStep[]
  stepSeconds: number
  /** Server time minus the projector's own running clock, in milliseconds. */
  skew: number
}

export function rotationOf(answer: DisplayCode, ownClock: number): Rotation {
  const first: QrStep = { qr: answer.qr, valid_from: answer.server_time, valid_until: answer.valid_until }
  return {
    steps: [first, ...answer.next],
    stepSeconds: answer.step_seconds,
    skew: Date.parse(answer.server_time) - ownClock,
  }
}

export const serverNow = (rotation: Rotation, ownClock: number): number => ownClock + rotation.skew

/** The code to show now; null when all prefetched steps have run out. */
export function stepAt(rotation: Rotation, ownClock: number): QrStep | null {
  const now = serverNow(rotation, ownClock)
  return rotation.steps.find((_step, index) => now < changesAt(rotation, index)) ?? null
}

/**
 * A step is shown until the next one begins; the server accepts the previous step a little longer, so its
 * valid_until may lie beyond that.
 */
function changesAt(rotation: Rotation, index: number): number {
  const next = rotation.steps[index + 1]
  return Date.parse(next ? next.valid_from : rotation.steps[index].valid_until)
}

/** Share of the present step still to come, 1 → 0. */
export function remainingShare(rotation: Rotation, step: QrStep, ownClock: number): number {
  const index = rotation.steps.indexOf(step)
  const left = changesAt(rotation, index) - serverNow(rotation, ownClock)
  return Math.min(Math.max(left / (rotation.stepSeconds * 1000), 0), 1)
}

/** A clock that no one can set: the browser's running time, else the phone's own. */
export function ownClock(): number {
  return typeof performance !== 'undefined' && performance.now ? performance.timeOrigin + performance.now() : Date.now()
}
