/** Small typed access to the phone's own storage; a full or forbidden storage is the same as an empty one. */
const PREFIX = 'lianyi:'

export function read<T>(key: string): T | null {
  try {
    const text = uni.getStorageSync(PREFIX + key) as unknown
    return typeof text === 'string' && text ? (JSON.parse(text) as T) : null
  } catch {
    return null
  }
}

export function write(key: string, value: unknown): boolean {
  try {
    uni.setStorageSync(PREFIX + key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

export function remove(key: string): void {
  try {
    uni.removeStorageSync(PREFIX + key)
  } catch {
    // nothing was kept, so nothing has to go
  }
}

/** Everything whose name begins so: what was kept for a person who has gone. */
export function removeAll(prefix: string): void {
  try {
    const names = uni.getStorageInfoSync().keys.filter((name) => name.startsWith(PREFIX + prefix))
    for (const name of names) uni.removeStorageSync(name)
  } catch {
    // a storage that cannot be listed holds nothing that can be read
  }
}
