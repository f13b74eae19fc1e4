import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { net } from './net'

const SLOWER_OFFLINE = 6

/** Whether somebody can see the page now; a browser tab in the background counts as hidden. */
function looking(): boolean {
  // #ifdef H5
  return document.visibilityState !== 'hidden'
  // #endif
  // #ifndef H5
  return true
  // #endif
}

/** Asks again every so many seconds while the page is seen and `wanted()`; without a network more rarely. */
export function usePoll(work: () => unknown, wanted: () => boolean, everySeconds = 10): void {
  let timer: ReturnType<typeof setInterval> | undefined
  let turn = 0
  const stop = () => clearInterval(timer)
  const tick = () => {
    turn += 1
    if (!looking() || !wanted()) return
    if (net.online || turn % SLOWER_OFFLINE === 0) void work()
  }
  onShow(() => {
    stop()
    timer = setInterval(tick, everySeconds * 1000)
  })
  onHide(() => stop())
  onUnload(() => stop())
}
