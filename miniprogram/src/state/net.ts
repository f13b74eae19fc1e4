import { reactive } from 'vue'

/** Whether the phone has a network, as far as it knows. */
export const net = reactive({ online: true })

export function watchNetwork(): void {
  // #ifdef H5
  net.online = navigator.onLine
  window.addEventListener('online', () => (net.online = true))
  window.addEventListener('offline', () => (net.online = false))
  // #endif
  // #ifndef H5
  uni.getNetworkType({ success: ({ networkType }) => (net.online = networkType !== 'none') })
  uni.onNetworkStatusChange(({ isConnected }) => (net.online = isConnected))
  // #endif
}
