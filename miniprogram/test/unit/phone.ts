import { beforeEach, vi } from 'vitest'

/** What the server would answer, by "METHOD /path"; a missing one is a lost network. */
export type Answers = Record<string, { status?: number; data?: unknown } | (() => { status?: number; data?: unknown } | null)>

interface Sent {
  method: string
  path: string
  body: unknown
  header: Record<string, string>
}

export const phone = { answers: {} as Answers, sent: [] as Sent[], opened: [] as string[], storage: {} as Record<string, unknown> }

interface RequestOptions {
  url: string
  method: string
  data?: string
  header: Record<string, string>
  success(answer: { statusCode: number; data: unknown }): void
  fail(): void
}

function request({ url, method, data, header, success, fail }: RequestOptions): void {
  const path = url.replace(/^https?:\/\/[^/]+/, '').replace('/api/v1', '')
  phone.sent.push({ method, path, body: data ? JSON.parse(data) : undefined, header })
  const found = phone.answers[`${method} ${path.split('?')[0]}`]
  const answer = typeof found === 'function' ? found() : found
  queueMicrotask(() => (answer ? success({ statusCode: answer.status ?? 200, data: answer.data }) : fail()))
}

beforeEach(() => {
  Object.assign(phone, { answers: {}, sent: [], opened: [], storage: {} })
  vi.stubGlobal('uni', {
    request,
    getStorageSync: (key: string) => phone.storage[key] ?? '',
    setStorageSync: (key: string, value: unknown) => (phone.storage[key] = value),
    removeStorageSync: (key: string) => delete phone.storage[key],
    getStorageInfoSync: () => ({ keys: Object.keys(phone.storage) }),
    navigateTo: ({ url }: { url: string }) => phone.opened.push(url),
    switchTab: ({ url }: { url: string }) => phone.opened.push(url),
  })
})
