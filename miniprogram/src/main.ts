import { createSSRApp } from 'vue'
import App from './App.vue'
import { connectSession } from './state/session'
// #ifdef H5
import { followTypedAddress, leaveUnknownAddress, pressWithKeys, registerServiceWorker } from './web'
// #endif

export function createApp() {
  connectSession()
  // #ifdef H5
  leaveUnknownAddress()
  pressWithKeys()
  registerServiceWorker()
  followTypedAddress()
  // #endif
  return { app: createSSRApp(App) }
}
