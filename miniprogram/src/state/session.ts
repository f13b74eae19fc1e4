import { reactive, watch } from 'vue'
import { get, postAsGuest, send, useSessionPort } from '@/api/client'
import type { AppConfig, Named, Person, SignedIn } from '@/api/types'
import { namesIn, read, remove, write } from './storage'

/** Who is signed in on this phone. Guests may look at everything; the first write asks. */
export const session = reactive({
  token: read<string>('token'),
  person: read<Person>('person'),
  orgCode: read<string>('org'),
})

let waiting: ((signedIn: boolean) => void)[] = []

/** For pages that outlive a sign-out: drops what they hold once the person they showed has gone. */
export function whenPersonGoes(drop: () => void): void {
  watch(
    () => session.person?.id,
    (_now, before) => {
      if (before !== undefined) drop()
    },
  )
}

export function currentOrg(): Named | null {
  const orgs = session.person?.orgs ?? []
  return orgs.find((org) => org.code === session.orgCode) ?? orgs[0] ?? null
}

export function chooseOrg(code: string): void {
  session.orgCode = code
  write('org', code)
}

export const hasRole = (role: string): boolean => session.person?.roles.some((r) => r.role === role) ?? false

function keepPerson(person: Person): void {
  session.person = person
  write('person', person)
}

async function enter(path: string, body: object): Promise<Person> {
  const answer = await postAsGuest<SignedIn>(path, body)
  if (session.person && session.person.id !== answer.person.id) forgetPerson()
  session.token = answer.token
  write('token', answer.token)
  keepPerson(answer.person)
  return answer.person
}

/** The code of wx.login; in the demo also that of a demo person. */
export const signIn = (code: string): Promise<Person> => enter('/sign-in', { code })

/** The code that WeChat's page gave the H5 app (web OAuth of the official account). */
export const signInWeb = (code: string): Promise<Person> => enter('/sign-in/web', { code })

/** Staff outside WeChat: name, password and, where it is on, the one-time code. */
export const signInStaff = (name: string, password: string, otp: string): Promise<Person> =>
  enter('/sign-in/staff', { name, password, ...(otp ? { otp } : {}) })

/** Signing out also takes away what was kept for this person on the phone: passes and stored pages. */
export function forgetPerson(): void {
  session.token = null
  session.person = null
  session.orgCode = null
  for (const key of ['token', 'person', 'org', 'passes', 'page:activities', 'page:bookings:past', 'waits', 'page:marks', 'page:inbox', 'page:demands']) remove(key)
  namesIn('page:desk:').forEach(remove)
}

export async function signOut(): Promise<void> {
  try {
    if (session.token) await send('POST', '/sign-out')
  } finally {
    forgetPerson()
  }
}

export async function refreshPerson(): Promise<void> {
  if (!session.token) return
  keepPerson(await get<Person>('/me'))
}

export async function updatePerson(changes: { zone?: string; name?: string; settings?: object }): Promise<void> {
  keepPerson(await send<Person>('PATCH', '/me', changes))
}

export const appConfig = (): Promise<AppConfig> => get<AppConfig>('/app-config')

/** Opens the sign-in page and tells when it closed; the interrupted action goes on from there. */
export function ensureSignedIn(): Promise<boolean> {
  if (session.token) return Promise.resolve(true)
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) uni.navigateTo({ url: '/pages/me/sign-in', fail: () => signInClosed() })
  })
}

export function signInClosed(): void {
  const told = waiting
  waiting = []
  for (const resolve of told) resolve(session.token !== null)
}

export function connectSession(): void {
  useSessionPort({
    token: () => session.token,
    forget: (token) => {
      if (session.token === token) {
        session.token = null
        remove('token')
      }
    },
    ask: ensureSignedIn,
  })
}
