import { reactive } from 'vue'

/** Whether the phone has a network, as far as it knows. */
export const net = reactive({ online: true })

export function watchNetwork(): void {
  uni.getNetworkType({ success: ({ networkType }) => (net.online = networkType !== 'none') })
  uni.onNetworkStatusChange(({ isConnected }) => (net.online = isConnected))
}
