/** The screen stays on while a code is shown; a phone that cannot do it just goes on as usual. */
let lock: { release(): Promise<void> } | null = null

export function keepAwake(): void {
  // #ifdef H5
  const wake = (navigator as { wakeLock?: { request(kind: 'screen'): Promise<{ release(): Promise<void> }> } }).wakeLock
  wake?.request('screen').then(
    (held) => (lock = held),
    () => (lock = null),
  )
  // #endif
  // #ifdef MP-WEIXIN
  uni.setKeepScreenOn({ keepScreenOn: true })
  // #endif
}

export function letSleep(): void {
  // #ifdef H5
  lock?.release().catch(() => undefined)
  lock = null
  // #endif
  // #ifdef MP-WEIXIN
  uni.setKeepScreenOn({ keepScreenOn: false })
  // #endif
}
