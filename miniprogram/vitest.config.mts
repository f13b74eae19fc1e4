import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const PHONE_TAGS = /^(view|text|image|scroll-view|picker)$/

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (tag) => PHONE_TAGS.test(tag) } } })],
  resolve: { alias: { '@': resolve(__dirname, 'src') } },
  css: { preprocessorOptions: { scss: { additionalData: '@function fs($px) { @return $px; }' } } },
  test: { environment: 'happy-dom', include: ['test/unit/**/*.test.ts'], setupFiles: ['test/unit/phone.ts'], restoreMocks: true },
})
