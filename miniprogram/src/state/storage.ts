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

/** The names in use that begin so; none where the storage cannot be listed. */
export function namesIn(prefix: string): string[] {
  try {
    const { keys } = uni.getStorageInfoSync()
    return keys.filter((name) => name.startsWith(PREFIX + prefix)).map((name) => name.slice(PREFIX.length))
  } catch {
    return []
  }
}
