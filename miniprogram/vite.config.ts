import { resolve } from 'node:path'
import { defineConfig } from 'vite'
import uni from '@dcloudio/vite-plugin-uni'
import { ariaForWeapp, noOutsideAddresses, serviceWorker } from './build/plugins'

const h5 = process.env.UNI_PLATFORM === 'h5'

export default defineConfig({
  resolve: { alias: { '@': resolve(__dirname, 'src') } },
  publicDir: h5 ? 'public' : false,
  plugins: [
    ...(h5 ? [noOutsideAddresses(), serviceWorker()] : [ariaForWeapp()]),
    uni(),
  ],
  server: { proxy: { '/api': 'http://127.0.0.1:8000', '/q': 'http://127.0.0.1:8000' } },
})
