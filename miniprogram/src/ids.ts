/** A random version-4 UUID; Math.random is enough for a key that only has to differ on one device. */
export function newUuid(): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (letter) => {
    const random = Math.floor(Math.random() * 16)
    return (letter === 'x' ? random : (random & 3) | 8).toString(16)
  })
}

/**
 * One client_uuid per intended action: the same wish sent again (a lost answer, a second tap) keeps its key and is
 * therefore a repeat for the server; another wish, or a wish already fulfilled, gets a new one.
 */
export class IntentKeys {
  private keys = new Map<string, string>()

  keyFor(wish: unknown): string {
    const name = JSON.stringify(wish)
    const known = this.keys.get(name)
    if (known) return known
    const fresh = newUuid()
    this.keys.set(name, fresh)
    return fresh
  }

  fulfilled(wish: unknown): void {
    this.keys.delete(JSON.stringify(wish))
  }
}
