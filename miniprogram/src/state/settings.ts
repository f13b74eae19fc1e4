import { computed, reactive } from 'vue'
import { session, updatePerson } from './session'
import { read, write } from './storage'

/** 关怀模式 (large text), kept on the phone for guests and with the person once signed in. */
const settings = reactive({ largeText: read<boolean>('large') ?? false, phoneScale: 1 })

export const largeText = computed(() => settings.largeText)

/** All text sizes are multiplied by this: the phone's own setting (at most 1.4) times the large-text mode. */
export const textScale = computed(() =>
  Math.round(Math.min(settings.phoneScale * (settings.largeText ? 1.3 : 1), 1.7) * 100) / 100,
)

export async function setLargeText(on: boolean): Promise<void> {
  settings.largeText = on
  write('large', on)
  if (session.token) await updatePerson({ settings: { large_text: on } })
}

export function adoptPersonSettings(): void {
  const wanted = session.person?.settings?.large_text
  if (typeof wanted === 'boolean') {
    settings.largeText = wanted
    write('large', wanted)
  }
}

/** The text size chosen in the phone (browser default size, or WeChat's own font setting). */
export function readPhoneTextSize(): void {
  let size = 16
  // #ifdef H5
  const probe = document.createElement('div')
  probe.style.cssText = 'position:absolute;visibility:hidden;font-size:medium'
  document.body.appendChild(probe)
  size = parseFloat(getComputedStyle(probe).fontSize) || 16
  probe.remove()
  // #endif
  // #ifdef MP-WEIXIN
  size = (uni.getSystemInfoSync() as { fontSizeSetting?: number }).fontSizeSetting ?? 16
  // #endif
  settings.phoneScale = Math.min(Math.max(size / 16, 0.9), 1.4)
}
