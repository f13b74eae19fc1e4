import nacl from 'tweetnacl'
import { spanText } from '@/time'

/** One of the district's public keys, as `GET /desk/{centre}/offline` hands it over. */
export interface DeskKey {
  id: string
  alg: string
  public_key: string
}

/** What a signed pass says (凭证); times in milliseconds. */
export interface PassFacts {
  code: string
  tail: string
  service: string
  unit: string | null
  start: number
  end: number
}

/** What the desk keeps for the time without a network. */
export interface OfflineFacts {
  keys: DeskKey[]
  centre: { code: string; name: string }
  services: string[]
  bookings: { code: string; state: string; unit: string | null; start: string; end: string; who: string; service: string }[]
}

export type Refusal = 'no_keys' | 'pass_invalid' | 'pass_other_centre' | 'pass_used' | 'too_early' | 'stay_over'

export interface Judged {
  facts: PassFacts | null
  refusal: Refusal | null
}

const VERSION = 'LY1'
const LONGEST = 1000
/** Guests are let in from half an hour before, as on the server. */
export const EARLY_MS = 30 * 60_000
const USED = ['checked_in', 'completed', 'overstayed']
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The pass within what a scanner handed over: the text alone, or an address that carries it. */
export const passIn = (scanned: string): string | null => /LY1\.[\w.-]+/.exec(scanned)?.[0] ?? null

/** The engine of an old phone has neither atob nor TextDecoder. */
function bytesOf(base64url: string): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of base64url) {
    const value = LETTERS.indexOf(letter)
    if (value < 0) throw new Error('not base64url')
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  return new Uint8Array(bytes)
}

function textOf(bytes: Uint8Array): string {
  return decodeURIComponent([...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
}

const asciiBytes = (text: string): Uint8Array => new Uint8Array([...text].map((letter) => letter.charCodeAt(0)))

/** The facts of a pass whose signature one of the keys made; null for anything else. */
export function readPass(text: string, keys: DeskKey[]): PassFacts | null {
  const parts = text.split('.')
  const [version, keyId, body, signature] = parts
  if (parts.length !== 4 || version !== VERSION || text.length > LONGEST) return null
  const key = keys.find((one) => one.id === keyId && one.alg === 'Ed25519')
  if (!key) return null
  try {
    const signed = asciiBytes(`${version}.${keyId}.${body}`)
    if (!nacl.sign.detached.verify(signed, bytesOf(signature), bytesOf(key.public_key))) return null
    const told = JSON.parse(textOf(bytesOf(body))) as Record<string, unknown>
    if (typeof told.code !== 'string' || typeof told.service !== 'string') return null
    if (typeof told.start !== 'number' || typeof told.end !== 'number') return null
    return {
      code: told.code,
      tail: typeof told.tail === 'string' ? told.tail : '',
      service: told.service,
      unit: typeof told.unit === 'string' ? told.unit : null,
      start: told.start * 1000,
      end: told.end * 1000,
    }
  } catch {
    return null
  }
}

/** Whether a pass opens this centre's door now, by what the device holds. */
export function judgePass(text: string, held: OfflineFacts | null, now: number): Judged {
  if (!held || !held.keys.length) return { facts: null, refusal: 'no_keys' }
  const facts = readPass(text, held.keys)
  if (!facts) return { facts: null, refusal: 'pass_invalid' }
  if (!held.services.includes(facts.service)) return { facts, refusal: 'pass_other_centre' }
  const known = held.bookings.find((booking) => booking.code === facts.code)
  if (known && USED.includes(known.state)) return { facts, refusal: 'pass_used' }
  return { facts, refusal: outside(facts.start, facts.end, now) }
}

/** Too early or over, by the stay's own times. */
export function outside(start: number, end: number, now: number): 'too_early' | 'stay_over' | null {
  if (now < start - EARLY_MS) return 'too_early'
  return now >= end ? 'stay_over' : null
}

/** What the attendant says to the guest, and what can be done instead. `clock` writes an instant as the centre's time. */
export function refusalText(judged: Judged, clock: (instant: number) => string): string {
  const { facts, refusal } = judged
  const span = facts ? spanText(clock(facts.start), clock(facts.end)) : ''
  switch (refusal) {
    case 'no_keys':
      return '这台设备还没有存下验证用的公钥。有网络时打开一次值班台就好。'
    case 'pass_invalid':
      return '这个凭证验不过，可能是截图改过的。请对方打开“链驿”里的凭证，或报编号再查。'
    case 'pass_other_centre':
      return '这是别的中心的凭证。这里有空位的话，可以按现场到店登记。'
    case 'pass_used':
      return '这个凭证已经登记过到店了。'
    case 'too_early':
      return `来早了：约的是 ${span}，${facts ? clock(facts.start - EARLY_MS).slice(11, 16) : ''} 起可以登记到店。`
    case 'stay_over':
      return `约的 ${span} 已经过了。有空位的话，可以按现场到店登记。`
    default:
      return ''
  }
}
