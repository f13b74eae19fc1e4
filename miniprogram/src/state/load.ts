import { reactive } from 'vue'
import { ApiError, sentenceOf } from '@/api/errors'
import { texts } from '@/text'
import { read, write } from './storage'

export interface Loaded<T> {
  status: 'loading' | 'ready' | 'error'
  data: T | null
  /** When the shown data were stored, if they are not fresh. */
  storedAt: number | null
  error: string
  needsSignIn: boolean
  /** It is not there, or not for this person: trying again changes nothing. */
  refused: boolean
}

interface Stored<T> {
  at: number
  data: T
}

/**
 * The faces of a page over one read: loading until the first answer, then full; a later failure keeps what is shown.
 * With a key the last answer stays on the phone and is shown, marked with its time, when there is no network; `keep`
 * says whether this answer may stay there.
 */
export function useLoad<T>(fetch: () => Promise<T>, key?: string | (() => string), keep: () => boolean = () => true) {
  const state = reactive({ status: 'loading', data: null, storedAt: null, error: '', needsSignIn: false, refused: false }) as Loaded<T>
  const place = (): string => `page:${typeof key === 'function' ? key() : key}`
  let turn = 0

  async function load(): Promise<void> {
    const mine = (turn += 1)
    if (state.status === 'error') state.status = 'loading'
    try {
      const data = await fetch()
      if (mine !== turn) return
      Object.assign(state, { status: 'ready', data, storedAt: null, error: '', needsSignIn: false, refused: false })
      if (key && keep()) write(place(), { at: Date.now(), data })
    } catch (error) {
      if (mine === turn) fail(error)
    }
  }

  function fail(error: unknown): void {
    const offline = error instanceof ApiError && error.offline
    const kept = offline && key ? read<Stored<T>>(place()) : null
    state.needsSignIn = error instanceof ApiError && error.status === 401
    state.refused = error instanceof ApiError && (error.status === 403 || error.status === 404)
    if (kept) {
      Object.assign(state, { status: 'ready', data: kept.data, storedAt: kept.at, error: '' })
    } else if (state.data === null || state.needsSignIn) {
      Object.assign(state, { status: 'error', error: offline ? texts.loadFailedOffline : sentenceOf(error) })
    }
  }

  function clear(): void {
    turn += 1
    Object.assign(state, { status: 'loading', data: null, storedAt: null, error: '', needsSignIn: false, refused: false })
  }

  return { state, load, clear }
}
