import { createSSRApp } from 'vue'
import App from './App.vue'
import { connectSession } from './state/session'
// #ifdef H5
import { pressWithKeys, registerServiceWorker } from './web'
// #endif

export function createApp() {
  connectSession()
  // #ifdef H5
  pressWithKeys()
  registerServiceWorker()
  // #endif
  return { app: createSSRApp(App) }
}
