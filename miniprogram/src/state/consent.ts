import { get, post } from '@/api/client'
import type { SubscribeTemplates } from '@/api/types'

type Purpose = 'booking' | 'registration' | 'waitlist'

let templates: Partial<Record<Purpose, string[]>> = {}

/** Fetched ahead, because the question may only be put inside the tap itself. */
export async function prepareConsent(purpose: Purpose): Promise<void> {
  // #ifdef MP-WEIXIN
  if (templates[purpose]) return
  try {
    const answer = await get<SubscribeTemplates>('/subscribe-templates', { for: purpose })
    templates = { ...templates, [purpose]: answer.templates.map((template) => template.id) }
  } catch {
    // without templates nothing is asked, and the news is in the inbox
  }
  // #endif
}

/** Asks in the tap for exactly these messages. A refusal changes nothing: the news is always in the inbox. */
export function askConsent(purpose: Purpose): Promise<Record<string, string>> {
  // #ifdef MP-WEIXIN
  const ids = templates[purpose] ?? []
  if (ids.length) {
    return new Promise((resolve) => {
      uni.requestSubscribeMessage({
        tmplIds: ids,
        success: (answer) => {
          const told = answer as unknown as Record<string, string>
          resolve(Object.fromEntries(ids.filter((id) => told[id]).map((id) => [id, told[id]])))
        },
        fail: () => resolve({}),
      })
    })
  }
  // #endif
  void purpose
  return Promise.resolve({})
}

/** Tells the server what was allowed; losing this costs one WeChat message, never the booking. */
export async function reportConsent(answers: Record<string, string>): Promise<void> {
  if (!Object.keys(answers).length) return
  try {
    await post('/subscribe-consents', { template_ids: answers })
  } catch (error) {
    console.warn('subscribe consent not stored', error)
  }
}
