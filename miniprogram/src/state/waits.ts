import * as api from '@/api/waitlist'
import { ApiError } from '@/api/errors'
import type { Entry, Page } from '@/api/types'
import { read, write } from './storage'

/** One's wait-list entries 候补, kept on the phone as they were last seen: a place in line is known without a signal. */
type Waits = Record<string, Entry>

export const LIVE_WAITS = ['waiting', 'offered']
export const isLive = (entry: Entry): boolean => LIVE_WAITS.includes(entry.state)

export function keepEntry(entry: Entry): void {
  const kept = read<Waits>('waits') ?? {}
  if (isLive(entry)) kept[entry.id] = entry
  else delete kept[entry.id]
  write('waits', kept)
}

/** As last seen. An offer is left out: whether it still stands only the server knows. */
export function keptEntry(id: string): Entry | null {
  const kept = read<Waits>('waits')?.[id]
  return kept ? { ...kept, offer: null, state: 'waiting' } : null
}

export async function myEntries(): Promise<Page<Entry>> {
  try {
    const page = await api.mine()
    write('waits', Object.fromEntries(page.items.filter(isLive).map((entry) => [entry.id, entry])))
    return page
  } catch (error) {
    if (!(error instanceof ApiError) || !error.offline) throw error
    const ids = Object.keys(read<Waits>('waits') ?? {})
    const items = ids.map(keptEntry).filter((entry): entry is Entry => entry !== null)
    return { items, total: items.length, page: 1, per_page: items.length }
  }
}
