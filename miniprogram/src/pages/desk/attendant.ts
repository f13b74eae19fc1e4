import { read, remove, write } from '@/state/storage'

/** Who stands at the desk (值班员): the device stays signed in, the person changes by a PIN. */
export interface Attendant {
  token: string
  name: string
  centre: string
  expires_at: string
}

const KEY = 'page:desk:attendant'

/** The attendant of now; after eight hours, or when the account has signed out, nobody. */
export function attendantNow(): Attendant | null {
  const stored = read<Attendant>(KEY)
  return stored && Date.parse(stored.expires_at) > Date.now() ? stored : null
}

export function keepAttendant(attendant: Attendant | null): void {
  if (attendant) write(KEY, attendant)
  else remove(KEY)
}

/** Goes with every call of the desk, so that events name the person and not the device. */
export function deskHeaders(): Record<string, string> {
  const attendant = attendantNow()
  return attendant ? { 'X-Attendant': attendant.token } : {}
}
