import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { ref } from 'vue'

/** The present instant, moving every so many seconds while the page is seen. */
export function useNow(everySeconds = 20) {
  const now = ref(Date.now())
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  onShow(() => {
    now.value = Date.now()
    stop()
    timer = setInterval(() => (now.value = Date.now()), everySeconds * 1000)
  })
  onHide(stop)
  onUnload(stop)
  return now
}
